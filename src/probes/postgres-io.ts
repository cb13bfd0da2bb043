import { messageOf } from "../errors.ts";
import { openPostgres, patroni } from "./patroni.ts";
import { withMember } from "./patroni/connect.ts";
import { findPatroniPods, onlyPrimary, viewPatroni, type PatroniPods } from "./patroni/members.ts";
import { noOnePrimary } from "./patroni/primary.ts";
import { createIoExercise } from "./postgres-io/exercise.ts";
import { amcheckGuard, judgeAmcheck, type CheckEvidence } from "./postgres-io/guards.ts";
import type { SystemAdapter, SystemContext } from "./system.ts";

const lookTimeoutMs = 1500;
const programTimeoutMs = 10_000;

/**
 * PostgreSQL under Patroni or CloudNativePG, for faults of its storage: the same pods, clients and guards as `patroni`
 * and `cloudnative-pg`, the training module's exercise beside them, and a check of every member afterwards.
 */
export const postgresIo: SystemAdapter = {
  name: "postgres-io",
  occupies: patroni.name,
  open: async (context) => {
    const session = await openPostgres(context);
    const members = await findPatroniPods(context);
    const primaryNow = async (): Promise<string> => {
      await members.refresh();
      const primary = onlyPrimary(await viewPatroni(members, lookTimeoutMs));
      if (primary === null) throw noOnePrimary(members);
      return primary;
    };
    const exercise = createIoExercise(context, members, primaryNow);
    return {
      ...session,
      guard: async (id, bounds) =>
        id === amcheckGuard
          ? judgeAmcheck(await checkEvidence(context, members, await primaryNow()))
          : session.guard(id, bounds),
      exercise,
      start: (recorder) => {
        exercise.quietly(recorder);
        return session.start(recorder);
      },
      cleanUp: async () => {
        // The clients' table first: cleaning it up waits for a primary.
        try {
          await session.cleanUp();
        } finally {
          await exercise.cleanUp();
        }
      },
      close: async () => {
        exercise.close();
        await session.close();
      },
    };
  },
};

async function checkEvidence(context: SystemContext, members: PatroniPods, primary: string): Promise<CheckEvidence> {
  const container = String(context.parameters["container"] ?? "postgresql");
  const text = "select count(*)::int as n from pg_available_extensions where name = 'amcheck'";
  const extension = await withMember(members, primary, async (client) => {
    return ((await client.query<{ n: number }>(text)).rows[0]?.n ?? 0) > 0;
  }).catch(() => null);
  try {
    const ran = await context.exec(primary, ["pg_amcheck", "--version"], programTimeoutMs, { container });
    const said = (ran.stdout.trim() || ran.stderr.trim()).split("\n")[0] ?? "";
    return { extension, program: { found: ran.exitCode === 0, said } };
  } catch (error) {
    return { extension, program: { found: false, said: messageOf(error) } };
  }
}
