import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTimeOf } from "./start-time.ts";

const prefix = "aftershock-lab-";

/** Makes a lab's folder below the temp directory, marked with its owner so that a later start can tell it is stale. */
export function makeStateDirectory(ownerPid: number): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  mkdirSync(join(directory, "pods"), { recursive: true });
  writeFileSync(join(directory, "owner"), `${ownerPid} ${startTimeOf(ownerPid) ?? ""}`);
  return directory;
}

/** Removes folders of labs whose owner is gone; a reused process id has another start time. Returns their names. */
export function sweepStaleDirectories(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix))
    .filter((name) => {
      const directory = join(tmpdir(), name);
      try {
        const [pid = "", startTime = ""] = readFileSync(join(directory, "owner"), "utf8").split(" ");
        if (startTime !== "" && startTimeOf(Number(pid)) === startTime) return false;
      } catch {
        // Without an owner file it is either being made this very moment, or not ours to judge.
        return false;
      }
      rmSync(directory, { recursive: true, force: true });
      return true;
    });
}
