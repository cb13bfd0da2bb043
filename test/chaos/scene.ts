import { cardOf, buttonsOf, click } from "../../src/embedded/run-drive.ts";
import { isTerminal, type RunState } from "../../src/run/lifecycle.ts";
import { findRun } from "../../src/store/runs.ts";
import { alice, bob } from "../support/stack.ts";
import type { Place } from "./collect.ts";
import type { Commits } from "./commits.ts";
import type { Gates } from "./gate.ts";
import type { Random } from "./random.ts";
import type { Roles } from "./roles.ts";

/** How often a person tries again whose command or click was lost with the bot. */
const tryAgainAfterMs = 8000;

/** One case on the stage: what people do, what is done to the bot, and when. */
export interface Scene extends Place {
  random: Random;
  roles: Roles;
  gates: Gates;
  commits: Commits;
  /** Alice asks for a run; resolves to its id as soon as it is stored. She asks again when nothing comes of it. */
  ask(text: string): Promise<string>;
  /** Bob approves by the card's button, again and again until the run is no longer requested. */
  approve(runId: string): Promise<void>;
  /** Alice types a command about a run, again and again until it holds. */
  type(text: string, until: () => Promise<boolean>): Promise<void>;
  state(runId: string): Promise<RunState>;
  /** Waits by looking; rejects when the run ended in another state. */
  until(runId: string, states: readonly RunState[], deadlineMs?: number): Promise<RunState>;
  /** The trouble begins now; it hits runs in these states (or at these transitions). */
  hurt(...states: readonly string[]): void;
  /** The trouble is over now: what was killed runs again, what was cut answers. From here the healing bound counts. */
  mended(): void;
}

/** What the rig keeps of a scene while it is played. */
export interface Story {
  runs: string[];
  states: Set<string>;
  hurtAtMs: number | null;
  mendedAtMs: number | null;
}

export function createScene(
  place: Place,
  parts: Pick<Scene, "random" | "roles" | "gates" | "commits">,
  record: Story,
  onHurt: () => void,
): Scene {
  const { stack, database } = place;
  const state = async (runId: string): Promise<RunState> => {
    const run = await findRun(database, runId);
    if (run === null) throw new Error(`there is no ${runId}`);
    return run.state;
  };
  const again = async (act: () => Promise<void>, done: () => Promise<boolean>): Promise<void> => {
    const end = performance.now() + 60_000;
    for (;;) {
      // A bot that is away takes no command; local-slack then refuses it or drops it.
      await act().catch(() => undefined);
      const nextTry = performance.now() + tryAgainAfterMs;
      while (performance.now() < nextTry) {
        if (await done().catch(() => false)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      if (performance.now() > end) throw new Error("a person tried for a minute, and nothing came of it");
    }
  };
  const numbers = async (): Promise<number> => {
    const { rows } = await database.query<{ last: number }>(
      "select coalesce(max(substring(id from 5)::int), 0)::int as last from runs",
    );
    return rows[0]?.last ?? 0;
  };
  return {
    ...place,
    ...parts,
    state,
    ask: async (text) => {
      const before = await numbers();
      await again(
        () => stack.slack.command(alice, "/chaos", `run ${text}`),
        async () => (await numbers()) > before,
      );
      const { rows } = await database.query<{ id: string }>(
        "select id from runs where substring(id from 5)::int > $1 order by created_at",
        [before],
      );
      record.runs.push(...rows.map(({ id }) => id));
      return rows[0]?.id ?? "";
    },
    approve: (runId) =>
      again(
        async () => {
          const end = performance.now() + tryAgainAfterMs;
          for (;;) {
            const card = cardOf(await stack.slack.messages(), runId);
            if (card !== undefined && buttonsOf(card).length > 0) return click(stack.slack, bob, card, "approve");
            if (performance.now() > end) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        },
        async () => (await state(runId)) !== "requested",
      ),
    type: (text, done) => again(() => stack.slack.command(alice, "/chaos", text), done),
    until: async (runId, states, deadlineMs = 90_000) => {
      const end = performance.now() + deadlineMs;
      for (;;) {
        const now = await state(runId).catch(() => null);
        if (now !== null && states.includes(now)) return now;
        if (now !== null && isTerminal(now)) {
          const reason = (await findRun(database, runId))?.outcomeReason ?? "no reason was noted";
          throw new Error(`${runId} ended ${now}, not ${states.join(" or ")}: ${reason}`);
        }
        if (performance.now() > end) throw new Error(`${runId} is ${now ?? "unreadable"} after ${deadlineMs / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    hurt: (...states) => {
      for (const name of states) record.states.add(name);
      if (record.hurtAtMs === null) onHurt();
      record.hurtAtMs ??= performance.now();
      record.mendedAtMs = null;
    },
    mended: () => void (record.mendedAtMs = performance.now()),
  };
}
