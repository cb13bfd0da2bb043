// What tsc does not copy: SQL migrations, fonts, the tracer of disk faults, the catalogue.
import { cpSync } from "node:fs";

cpSync("src/store/migrations", "dist/src/store/migrations", { recursive: true });
cpSync("src/findings/chart/fonts", "dist/src/findings/chart/fonts", { recursive: true });
cpSync("jobs", "dist/jobs", { recursive: true });
cpSync("src/lab/chaos/io-tracer.py", "dist/src/lab/chaos/io-tracer.py");
