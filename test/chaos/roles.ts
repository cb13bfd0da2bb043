import type { Child } from "../../src/embedded/child.ts";
import type { Stack } from "../../src/embedded/stack.ts";

/** What is killed: the worker, the bot, or both in one moment. */
export type Victim = "worker" | "bot" | "both";

/** The one bot and the one worker that a case hurts, whichever they are by now. */
export interface Roles {
  kill(victim: Victim): void;
  /** Starts again what was killed; resolves when it is ready. */
  restart(victim: Victim): Promise<void>;
  worker(): Child;
  bot(): Child;
}

export function rolesOf(stack: Stack): Roles {
  let { bot, worker } = stack;
  return {
    kill: (victim) => {
      if (victim !== "bot") worker.kill("SIGKILL");
      if (victim !== "worker") bot.kill("SIGKILL");
    },
    restart: async (victim) => {
      const [newWorker, newBot] = await Promise.all([
        victim === "bot" ? worker : stack.startWorker(),
        victim === "worker" ? bot : stack.startBot(),
      ]);
      [worker, bot] = [newWorker, newBot];
    },
    worker: () => worker,
    bot: () => bot,
  };
}
