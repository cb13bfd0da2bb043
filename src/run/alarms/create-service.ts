import { AftershockError } from "../../errors.ts";
import { acknowledge, alarmOn, askCheck, findAlarm, openAlarms } from "../../store/alarms.ts";
import { inTransaction, type Database, type Queryable } from "../../store/database.ts";
import { appendEvents, eventsAfter } from "../../store/events.ts";
import { faultsOf } from "../../store/faults.ts";
import { askRestart } from "../../store/pod-restarts.ts";
import { findRun, lockRun, type StoredRun } from "../../store/runs.ts";
import type { Actor } from "../service.ts";
import { podsOf, unprovenText, wayOut, type Alarm } from "./alarm.ts";
import type { AlarmService } from "./service.ts";

export interface AlarmServiceOptions {
  database: Database;
  /** Resolves when the person may; rejects with AftershockError `not_allowed`. */
  allow: (act: "acknowledge" | "check" | "restart", actor: Actor, run: StoredRun) => Promise<void>;
  /** `12` and `run-12` are the same run. */
  normaliseRunId: (typed: string) => string;
}

/** The AlarmService on PostgreSQL. */
export function createAlarmService({ database, allow, normaliseRunId }: AlarmServiceOptions): AlarmService {
  const existing = async (client: Queryable, typed: string): Promise<{ run: StoredRun; alarm: Alarm | null }> => {
    const run = await findRun(client, normaliseRunId(typed));
    if (run === null) {
      throw new AftershockError("unknown_run", `There is no run "${typed}".`, "See what is open: /chaos alarms");
    }
    return { run, alarm: await findAlarm(client, run.id) };
  };
  const alarmed = async (client: Queryable, typed: string): Promise<{ run: StoredRun; alarm: Alarm }> => {
    const { run, alarm } = await existing(client, typed);
    if (alarm !== null) return { run, alarm };
    throw new AftershockError(
      "not_pending",
      `${run.id} has raised no alarm: nothing of its cleanup is known to be unproven.`,
      `Follow it: /chaos status ${run.id}`,
    );
  };
  /** The pod of the run's own faults by that name, and that there is a reason to restart it. */
  const restartable = async (client: Queryable, typed: string, pod: string) => {
    const { run, alarm } = await existing(client, typed);
    const pods = podsOf(await faultsOf(client, run.id));
    const found = pods.find((candidate) => candidate.pod === pod);
    const unproven = alarm !== null && alarm.state !== "resolved";
    if (!unproven && !(await isOffered(client, run))) {
      throw new AftershockError(
        "not_pending",
        `Nothing of ${run.id} is stuck, so none of its pods needs a restart.`,
        `Follow it: /chaos status ${run.id}`,
      );
    }
    if (found === undefined) {
      throw new AftershockError(
        "bad_parameter",
        `${pod === "" ? "No pod was named" : `${pod} is no target of ${run.id}`}.`,
        `Its targets: ${pods.map((target) => target.pod).join(", ") || "none"}. For example: /chaos alarms restart ${run.id} ${pods[0]?.pod ?? "POD"}`,
      );
    }
    return { run, ...found };
  };

  return {
    open: async () => {
      const found = await Promise.all(
        (await openAlarms(database)).map(async (alarm) => ({ alarm, run: await findRun(database, alarm.runId) })),
      );
      return found.flatMap(({ alarm, run }) => (run === null ? [] : [{ alarm, run }]));
    },
    acknowledge: async (actor, typed) => {
      const { run } = await alarmed(database, typed);
      await allow("acknowledge", actor, run);
      return inTransaction(database, async (client) => {
        await lockRun(client, run.id);
        if (!(await acknowledge(client, run.id, actor.userId))) {
          const { alarm } = await alarmed(client, run.id);
          throw new AftershockError(
            "not_pending",
            `<@${alarm.acknowledgedBy ?? ""}> has acknowledged the alarm of ${run.id} already.`,
            alarm.state === "resolved"
              ? "It is proven clean too: nothing is left to do."
              : `What is left: ${wayOut(alarm)}`,
          );
        }
        await appendEvents(client, run.id, [{ type: "alarm-acknowledged", by: actor.userId }]);
        return (await alarmed(client, run.id)).alarm;
      });
    },
    check: async (actor, typed) => {
      const { run } = await alarmed(database, typed);
      await allow("check", actor, run);
      if (!(await askCheck(database, run.id, actor.userId))) {
        const { alarm } = await alarmed(database, run.id);
        throw new AftershockError(
          "not_pending",
          `The cleanup of ${run.id} is proven already.`,
          wayOut(alarm) === "" ? "Nothing is left to do." : `What is left: ${wayOut(alarm)}`,
        );
      }
      return (await alarmed(database, run.id)).alarm;
    },
    describeRestart: async (actor, typed, pod) => {
      const { run, namespace } = await restartable(database, typed, pod);
      await allow("restart", actor, run);
      return `This deletes pod ${pod} in ${run.plan.cluster}/${namespace}; its controller makes it anew, without the rules of ${run.id}. Whoever is connected to it loses the connection.`;
    },
    restart: async (actor, typed, pod) => {
      const { run, namespace } = await restartable(database, typed, pod);
      await allow("restart", actor, run);
      await inTransaction(database, async (client) => {
        await lockRun(client, run.id);
        if (!(await askRestart(client, { runId: run.id, namespace, pod, askedBy: actor.userId }))) {
          throw new AftershockError(
            "not_pending",
            `A restart of ${pod} is under way already.`,
            `Follow it: /chaos status ${run.id}`,
          );
        }
        await appendEvents(client, run.id, [{ type: "restart-asked", pod, by: actor.userId }]);
      });
    },
  };
}

/** A worker is on the rung of the ladder where it waits for somebody to have the target restarted. */
async function isOffered(client: Queryable, run: StoredRun): Promise<boolean> {
  if (run.state !== "healing") return false;
  const events = await eventsAfter(client, run.id, 0);
  return events.some((event) => event.type === "heal-step" && event.step === "restart-offered");
}

/** Throws AftershockError `target_busy` while a cleanup on this target is not proven, or nobody has acknowledged it. */
export async function refuseUnprovenTarget(client: Queryable, targetKey: string): Promise<void> {
  const alarm = await alarmOn(client, targetKey);
  if (alarm === null) return;
  throw new AftershockError(
    "target_busy",
    `${unprovenText(alarm)}, so nothing new starts on ${targetKey}.`,
    `The way out: ${wayOut(alarm)}`,
  );
}
