import { spawn } from "node:child_process";
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { held, readLines } from "./lines.ts";
import { withTable } from "./readme.ts";
import { chaosSummary } from "./table.ts";

const usage = `npm run test:chaos -- [--seed N] [--only TEXT] [--lines FILE] [--write]

Puts the bot itself through chaos: kills, outages, a hostile cluster. About 20 minutes on 2 cores.

  --seed N       chooses the instants in the middle of phases (default: a new one; it is printed, so that a failure can
                 be repeated)
  --only TEXT    only cases whose name holds the text, e.g. --only "worker killed"
  --lines FILE   keeps what each case found, one JSON line each
  --write        puts the table into README.md, between its two marker comments
  --help         this

Exit codes: 0 everything held, 1 something did not, 2 wrong usage.
`;

const root = fileURLToPath(new URL("../..", import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      only: { type: "string" },
      lines: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0) {
    process.stderr.write(`--seed ${values.seed ?? ""}: it must be a whole number\n\n${usage}`);
    return 2;
  }
  if (values.write && values.only !== undefined) {
    process.stderr.write(`--write takes the whole suite, not a part of it\n\n${usage}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), "aftershock-chaos-lines-"));
  const file = join(folder, "lines.jsonl");
  try {
    process.stdout.write(`seed ${seed}\n`);
    const startedAtMs = performance.now();
    const exitCode = await runVitest(seed, file, values.only);
    const lines = readLines(file);
    const summary = chaosSummary(lines, { seed, tookMs: performance.now() - startedAtMs });
    process.stdout.write(`\n${summary}\n`);
    for (const { name, violations, nextRunStarted } of lines.filter((line) => !held(line))) {
      const all = nextRunStarted ? violations : [...violations, "no run got going after it"];
      process.stdout.write(`\n✘ ${name}\n${all.map((what) => `  ${what}\n`).join("")}`);
    }
    if (values.lines !== undefined) writeFileSync(values.lines, readFileSync(file));
    const good = exitCode === 0 && lines.length > 0 && lines.every(held);
    if (!good) process.stdout.write(`\nRepeat it: npm run test:chaos -- --seed ${seed}\n`);
    if (values.write && good) {
      const readme = join(root, "README.md");
      writeFileSync(readme, withTable(readFileSync(readme, "utf8"), summary));
      process.stdout.write("\nREADME.md has the table now.\n");
    }
    return good ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runVitest(seed: number, lines: string, only: string | undefined): Promise<number> {
  const pattern = only?.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const child = spawn(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      "--config",
      "test/chaos/vitest.config.ts",
      "--passWithNoTests",
      ...(pattern === undefined ? [] : ["-t", pattern]),
    ],
    { cwd: root, stdio: "inherit", env: { ...process.env, CHAOS_SEED: String(seed), CHAOS_LINES: lines } },
  );
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main();
