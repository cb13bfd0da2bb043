import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTimeOf } from "../lab/isolation/start-time.ts";

const prefix = "aftershock-";

/** Makes this run's folder below the temp directory and sweeps those whose owner is gone. */
export function makeTempDirectory(): string {
  sweepStaleDirectories();
  const directory = mkdtempSync(join(tmpdir(), prefix));
  // PostgreSQL's unprivileged user must be able to pass through.
  chmodSync(directory, 0o711);
  writeFileSync(join(directory, "owner"), `${process.pid} ${startTimeOf(process.pid) ?? ""}`);
  return directory;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes folders of ours whose owner is gone; a reused process id has another start time. */
export function sweepStaleDirectories(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const directory = join(tmpdir(), name);
    let owner: string;
    try {
      owner = readFileSync(join(directory, "owner"), "utf8");
    } catch {
      // Without an owner file it is being made at this moment, or not ours to judge.
      continue;
    }
    const [pid = "", startTime = ""] = owner.split(" ");
    if (startTime === "" || startTimeOf(Number(pid)) !== startTime) removeDirectory(directory);
  }
}
