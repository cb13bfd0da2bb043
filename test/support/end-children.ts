import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Kills servers of a test, and waits until they are gone. Those that have ended are left alone. */
export async function endChildren(children: Iterable<ChildProcess>): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }),
  );
}
