import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Debian's and Ubuntu's package libfaketime. */
const library = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

export interface FakeClock {
  /** Processes that are started while `work` goes on see this clock, for all of their lives. */
  wear<T>(work: () => Promise<T>): Promise<T>;
  /** From now on their wall clock is so much off; the monotonic clock goes on as it was. */
  offset(by: "+1h" | "-1h" | "+0"): void;
}

/** Null where libfaketime is not installed. This machine's own clock is never touched. */
export function fakeClock(directory: string): FakeClock | null {
  const preload = library.find((file) => existsSync(file));
  if (preload === undefined) return null;
  const file = join(directory, "clock-offset");
  const offset = (by: string): void => writeFileSync(file, by, { mode: 0o644 });
  offset("+0");
  const names = {
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  return {
    offset,
    wear: async (work) => {
      Object.assign(process.env, names);
      try {
        return await work();
      } finally {
        for (const name of Object.keys(names)) Reflect.deleteProperty(process.env, name);
      }
    },
  };
}
