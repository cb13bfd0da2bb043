import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeTempDirectory, removeDirectory, sweepStaleDirectories } from "../../src/embedded/temp-dir.ts";
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
