import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { reportSchema } from "../../src/findings/report.ts";
import { alive, familyOf } from "../support/processes.ts";
import { waitFor } from "../support/stack.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const demo = ["--import", "tsx", "src/embedded/demo.ts"];

interface Demo {
  pid: number;
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
}

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [...demo, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const ended = once(child, "exit").then(([code, signal]: unknown[]) => (code ?? signal) as number | string);
  return { pid: child.pid ?? 0, output: () => output, signal: (name) => void child.kill(name), ended };
}

/** Folders whose owner is one of these processes; other demos may run on this machine. */
const foldersOf = (pids: readonly number[]): string[] =>
  readdirSync(tmpdir()).filter((name) => {
    const owner = join(tmpdir(), name, "owner");
    if (!name.startsWith("aftershock-") || !existsSync(owner)) return false;
    return pids.includes(Number(readFileSync(owner, "utf8").split(" ")[0]));
  });

describe("npm run demo", () => {
  it("explains its flags", async () => {
    const run = startDemo("--help");
    expect(await run.ended).toBe(0);
    expect(run.output()).toMatch(/--report DIR[\s\S]*Exit codes/);
  });
  it("refuses a flag that it does not know", async () => {
    const run = startDemo("--raport", "x");
    expect(await run.ended).toBe(2);
    expect(run.output()).toContain("--raport");
  });
});

describe.skipIf(process.getuid?.() !== 0)("npm run demo, for real", () => {
  it("runs the experiment, writes the report, and leaves nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "aftershock-test-"));
    try {
      const run = startDemo("--plain", "--report", folder, "--set", "duration=6s", "--set", "baseline=3s");
      await waitFor(
        async () => run.output(),
        (text) => text.includes("Everything runs"),
        60_000,
      );
      const family = familyOf(run.pid);
      expect(foldersOf(family).length).toBeGreaterThan(0);
      expect(await run.ended, run.output()).toBe(0);
      expect(run.output()).toContain("hypothesis refuted, cleanup verified");
      expect(run.output()).toContain("Fault active");
      expect(reportSchema.parse(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).verdicts.run).toBe(
        "completed",
      );
      expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("## Findings");
      expect(readFileSync(join(folder, "chart.png")).subarray(1, 4).toString()).toBe("PNG");
      expect(existsSync(join(folder, "history.jsonl"))).toBe(true);
      expect(foldersOf(family)).toEqual([]);
      expect(alive(family)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    ["while it starts", "Redis for the queue", "SIGINT", 130],
    ["during the partition", "Fault active", "SIGINT", 130],
    ["by SIGKILL during the partition", "Fault active", "SIGKILL", "SIGKILL"],
  ] as const)("stopped %s, leaves no process and no folder", async (_when, until, signal, code) => {
    const run = startDemo("--plain", "--set", "duration=30s", "--set", "baseline=3s");
    await waitFor(
      async () => run.output(),
      (text) => text.includes(until),
      60_000,
    );
    const family = familyOf(run.pid);
    run.signal(signal);
    expect(await run.ended).toBe(code);
    await waitFor(
      async () => alive(family),
      (left) => left.length === 0,
      20_000,
    );
    if (signal === "SIGKILL") {
      // Its folders are swept by the next start.
      const next = startDemo("--plain", "--set", "duration=5s", "--set", "baseline=3s");
      await waitFor(
        async () => next.output(),
        (text) => text.includes("Everything runs"),
        60_000,
      );
      next.signal("SIGINT");
      await next.ended;
    }
    expect(foldersOf(family)).toEqual([]);
  });
});
