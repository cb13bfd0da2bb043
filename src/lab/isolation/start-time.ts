import { readFileSync } from "node:fs";

/**
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). Null for one that is gone, or
 * dead and only not reaped yet (field 3 is Z): it owns nothing any more.
 */
export function startTimeOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
