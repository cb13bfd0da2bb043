import { messageOf } from "../../errors.ts";
import { appendActionEvents, claimReminder } from "../../store/actions.ts";
import { inTransaction, type Database } from "../../store/database.ts";
import { oneAtATime } from "../../store/one-at-a-time.ts";

export interface ReminderKeeper {
  stop(): Promise<void>;
}

/**
 * Notes for every action whose day has come that its owner is to be reminded, once per day that was set: of any number of
 * bots one notes it. Returns how many. Stops between two.
 */
export async function remindDue(database: Database, signal?: AbortSignal): Promise<number> {
  for (let noted = 0; ; noted += 1) {
    const found =
      signal?.aborted === true
        ? null
        : await inTransaction(database, async (client) => {
            const due = await claimReminder(client);
            if (due === null) return null;
            await appendActionEvents(client, due.id, [{ type: "reminded", owner: due.owner, dueOn: due.dueOn }]);
            return due;
          });
    if (found === null) return noted;
  }
}

/** Looks every `everyMs`, and at the start. */
export function startReminders(
  database: Database,
  options: { everyMs: number; log: (message: string, detail: Record<string, unknown>) => void },
): ReminderKeeper {
  const stopping = new AbortController();
  const look = oneAtATime(
    async () => void (await remindDue(database, stopping.signal)),
    (error) => options.log("reminding of actions failed", { error: messageOf(error) }),
  );
  look.go();
  const timer = setInterval(look.go, options.everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await look.over();
    },
  };
}
