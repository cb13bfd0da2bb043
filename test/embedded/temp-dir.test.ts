import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeTempDirectory, removeDirectory, sweepStaleDirectories } from "../../src/embedded/temp-dir.ts";
import { waitFor } from "../support/stack.ts";
import { makeFolder } from "./support.ts";

let home: ReturnType<typeof makeFolder>;
beforeEach(() => {
  home = makeFolder();
  vi.stubEnv("TMPDIR", home.folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  home.remove();
});

function plant(name: string, owner: string | null): string {
  const folder = join(home.folder, name);
  mkdirSync(folder);
  if (owner !== null) writeFileSync(join(folder, "owner"), owner);
  return folder;
}

it("sweeps what dead owners left, and nothing else", () => {
  const dead = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
  const mine = makeTempDirectory();
  const [, startTime = ""] = readFileSync(join(mine, "owner"), "utf8").split(" ");
  const stale = plant("aftershock-stale", `${dead} 12345`);
  const reused = plant("aftershock-reused", `${process.pid} ${Number(startTime) - 1}`);
  const unowned = plant("aftershock-unowned", null);
  const foreign = plant("other-stale", `${dead} 12345`);
  sweepStaleDirectories();
  expect([stale, reused].filter((folder) => existsSync(folder))).toEqual([]);
  expect([mine, unowned, foreign].every((folder) => existsSync(folder))).toBe(true);
  removeDirectory(mine);
  expect(existsSync(mine)).toBe(false);
});

it("sweeps what belongs to a process that is dead and not reaped", async () => {
  // The shell becomes a sleep that never asks how its child ended.
  const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 30"]);
  try {
    let said = "";
    parent.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    const stat = await waitFor(
      async () => (said === "" ? "" : readFileSync(`/proc/${said.trim()}/stat`, "utf8").replace(/^.*\) /s, "")),
      (text) => text.startsWith("Z"),
      10_000,
    );
    const stale = plant("aftershock-zombie", `${said.trim()} ${stat.split(" ")[19]}`);
    sweepStaleDirectories();
    expect(existsSync(stale)).toBe(false);
  } finally {
    parent.kill("SIGKILL");
  }
});
