import type { Authoriser } from "../../approvals/authoriser.ts";
import { otherPrimary } from "../../store/blast-radius.ts";
import type { Database } from "../../store/database.ts";
import { standingApprovals } from "../../store/decisions.ts";
import {
  approvedBy,
  countOpen,
  judgedRuns,
  runningRuns,
  waitingRequests,
  waitingSchedules,
  type Asked,
} from "../../store/overview.ts";
import { findRun } from "../../store/runs.ts";
import { findSchedule, openSchedules } from "../../store/schedules.ts";
import { enforce } from "../decide.ts";
import { occupyingStates } from "../lifecycle.ts";
import { approvalsOf, scheduleSubject } from "../schedules/approval-scope.ts";
import type { Actor, RunRow } from "../service.ts";
import { hitsPrimary, subjectOf } from "../subject.ts";
import type { Permission, Waiting } from "./overview.ts";
import type { OverviewService } from "./service.ts";

/** More of one kind than this are counted, not shown. */
export const mostShown = 10;

/** The OverviewService on PostgreSQL and the policy. */
export function createOverviewService(options: { database: Database; authoriser: Authoriser }): OverviewService {
  const { database, authoriser } = options;

  const permission = async (asked: Parameters<Authoriser["decide"]>[0]): Promise<Permission> => {
    const answer = await authoriser.decide(asked);
    return answer.allowed ? null : answer.message;
  };
  /** As at the click: whether it may be approved, also for what runs beside it. */
  const whyNotRun = async (actor: Actor, run: RunRow): Promise<Permission> => {
    const { cluster } = run.plan;
    const [approvals, primaryHitBy] = await Promise.all([
      standingApprovals(database, run.id),
      hitsPrimary(run.plan)
        ? otherPrimary(database, { cluster, exceptRunId: run.id, states: occupyingStates })
        : Promise.resolve(null),
    ]);
    return permission({ act: "approve", actor, subject: subjectOf(run), approvals, primaryHitBy });
  };
  const waitingRun = async (actor: Actor, asked: Asked): Promise<Waiting[]> => {
    const run = await findRun(database, asked.id);
    if (run === null) return [];
    const why = await whyNotRun(actor, run);
    return [{ what: { kind: "run", run }, role: roleOf(asked, why), why }];
  };
  const waitingSchedule = async (actor: Actor, asked: Asked): Promise<Waiting[]> => {
    const schedule = await findSchedule(database, asked.id);
    if (schedule === null) return [];
    const approvals = approvalsOf(schedule, authoriser.now());
    const why = await permission({ act: "approve", actor, subject: scheduleSubject(schedule), approvals });
    return [{ what: { kind: "schedule", schedule }, role: roleOf(asked, why), why }];
  };

  return {
    admit: async (actor) => enforce(await authoriser.decide({ act: "oversee", actor })),
    look: async (actor) => {
      const eyes = { userId: actor.userId, channelId: actor.channelId, limit: mostShown };
      const [counts, running, takeBack, requests, schedules, mayHalt, mayResume] = await Promise.all([
        countOpen(database),
        runningRuns(database, eyes),
        approvedBy(database, eyes),
        waitingRequests(database, eyes),
        waitingSchedules(database, eyes),
        permission({ act: "halt", actor }),
        permission({ act: "resume", actor }),
      ]);
      const waiting = await Promise.all([
        ...requests.map((asked) => waitingRun(actor, asked)),
        ...schedules.map((asked) => waitingSchedule(actor, asked)),
      ]);
      const { at, ...open } = counts;
      return { at, waiting: waiting.flat(), running, takeBack, counts: open, mayHalt, mayResume };
    },
    schedules: async () => (await openSchedules(database)).toSorted((a, b) => soonest(a.nextDueAt, b.nextDueAt)),
    judged: (channelId, limit) => judgedRuns(database, channelId, limit),
  };
}

function roleOf({ own, given }: Asked, why: Permission): Waiting["role"] {
  if (own) return "asked";
  if (given) return "approved";
  return why === null ? "decide" : "watch";
}

/** What has no time comes last. */
function soonest(a: string | null, b: string | null): number {
  return (a ?? "~").localeCompare(b ?? "~");
}
