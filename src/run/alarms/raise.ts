import { insertAlarm } from "../../store/alarms.ts";
import type { Queryable } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { faultsOf } from "../../store/faults.ts";
import type { StoredRun } from "../../store/runs.ts";
import type { RunEventBody } from "../events.ts";
import type { HealingProof } from "../faults/fault-kind.ts";
import { commandsFor, defaultPaging, podsOf, waitMs, type Paging } from "./alarm.ts";

const mostReasons = 10;

/**
 * Raises the alarm of a run whose cleanup is not proven, in the owner's transaction; nothing happens when all proofs hold
 * or there is an alarm of it already. The event says whom to page: who does it needs to know no policy.
 */
export async function raiseIfUnproven(
  client: Queryable,
  input: { run: StoredRun; proofs: readonly HealingProof[]; paging: Paging | undefined; fence?: number },
): Promise<void> {
  const { run, proofs, paging = defaultPaging, fence } = input;
  const failed = proofs.filter(({ ok }) => !ok);
  if (failed.length === 0) return;
  const reasons = failed.slice(0, mostReasons).map(({ what, detail }) => `Not so: ${what}. ${detail}`);
  const { cluster, targetKey } = run.plan;
  const firstCheckMs = waitMs(paging.recheckAfterMs, 0);
  if (!(await insertAlarm(client, { runId: run.id, cluster, targetKey, reasons, firstCheckMs }))) return;
  const faults = await faultsOf(client, run.id);
  const { look, mend } = commandsFor(faults);
  const raised: RunEventBody = {
    type: "alarm-raised",
    target: targetKey,
    reasons,
    look,
    mend,
    pods: podsOf(faults).map(({ pod }) => pod),
    people: [...new Set([run.requestedBy, ...run.approvedBy])],
    groups: [...paging.groups],
    channel: paging.channelId,
  };
  await appendEvents(client, run.id, [raised], fence);
}
