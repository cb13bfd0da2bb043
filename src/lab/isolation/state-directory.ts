import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/**
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). Null for one that is gone, or
 * dead and only not reaped yet (field 3 is Z): it owns nothing any more.
 */
function startTimeOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
