// What tsc does not copy: SQL migrations, fonts, the tracer of disk faults, the catalogue. node deploy/copy-assets.mjs [DIST]
import { cpSync } from "node:fs";
import { join } from "node:path";

const dist = process.argv[2] ?? "dist";
cpSync("src/store/migrations", join(dist, "src/store/migrations"), { recursive: true });
cpSync("src/findings/chart/fonts", join(dist, "src/findings/chart/fonts"), { recursive: true });
cpSync("jobs", join(dist, "jobs"), { recursive: true });
cpSync("src/lab/chaos/io-tracer.py", join(dist, "src/lab/chaos/io-tracer.py"));
