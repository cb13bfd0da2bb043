import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A file system of a few megabytes, in memory, that can be filled to the last byte. */
export interface SmallDisk {
  path: string;
  /** Writes until the kernel says that there is no space left (ENOSPC). */
  fill(): void;
  /** Takes the filler away. */
  free(): void;
  remove(): void;
}

const chunk = Buffer.alloc(64 * 1024, 1);

/** Mounts it at `path`. Needs root. */
export function mountSmallDisk(path: string, sizeKib: number): SmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k,mode=0777`, "aftershock-chaos", path]);
  const filler = join(path, "filler");
  let mounted = true;
  // Lazily: a server that still has its files there lets go of them when it ends.
  const remove = (): void => {
    if (!mounted) return;
    mounted = false;
    execFileSync("umount", ["--lazy", path]);
  };
  // Also when the suite is stopped in the middle.
  process.once("exit", remove);
  return {
    path,
    fill: () => {
      const file = openSync(filler, "a");
      try {
        // Smaller and smaller pieces, so that not even a page is left.
        for (let size = chunk.length; size >= 1; size = Math.floor(size / 2)) {
          try {
            for (;;) writeSync(file, chunk, 0, size);
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    remove,
  };
}
