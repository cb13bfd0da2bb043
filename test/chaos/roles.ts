import type { Child } from "../../src/embedded/child.ts";
import type { Stack } from "../../src/embedded/stack.ts";

/** What is killed: the worker, the bot, or both in one moment. */
export type Victim = "worker" | "bot" | "both";

/** The one bot and the one worker that a case hurts, whichever they are by now. */
export interface Roles {
  /** SIGKILL. One that is being started is killed as soon as it is there, or else it would live on beside its successor. */
  kill(victim: Victim): Promise<void>;
  /** Starts again what was killed; resolves when it is ready. */
  restart(victim: Victim): Promise<void>;
  worker(): Child;
  bot(): Child;
}

export function rolesOf(stack: Pick<Stack, "bot" | "worker" | "startBot" | "startWorker">): Roles {
  const worker = roleOf(stack.worker, stack.startWorker);
  const bot = roleOf(stack.bot, stack.startBot);
  const hit = (victim: Victim) => [...(victim === "bot" ? [] : [worker]), ...(victim === "worker" ? [] : [bot])];
  return {
    kill: async (victim) => {
      // A rejected start is for whoever asked for it.
      await Promise.allSettled(hit(victim).map((role) => role.started()));
      for (const role of hit(victim)) role.child().kill("SIGKILL");
    },
    restart: async (victim) => {
      await Promise.all(hit(victim).map((role) => role.restart()));
    },
    worker: worker.child,
    bot: bot.child,
  };
}

/** One role, whose restarts come one after the other: a kill and a restart of the same case may meet. */
function roleOf(first: Child, start: () => Promise<Child>) {
  let child = first;
  let starting: Promise<void> = Promise.resolve();
  return {
    child: () => child,
    started: () => starting,
    restart: () => {
      starting = starting
        .catch(() => undefined)
        .then(async () => {
          child = await start();
        });
      return starting;
    },
  };
}
