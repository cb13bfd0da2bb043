import type { Cluster } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { claimRestart, endRestart } from "../../store/pod-restarts.ts";
import { bounded } from "../bounded.ts";
import type { RunEventBody } from "../events.ts";

/** A restart whose worker died is taken up again after this long. */
const claimMs = 60_000;
const callMs = 10_000;
/** Of the deletion: what `kubectl delete pod` gives a pod. */
const gracePeriodSeconds = 30;
/** How often somebody's wish is looked for while an object stays. */
const askEveryMs = 1000;

type RestartDone = Extract<RunEventBody, { type: "restart-done" }>;

interface Mending {
  database: Database;
  cluster: Cluster;
  runId: string;
  signal: AbortSignal;
  say: (event: RunEventBody) => Promise<void>;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/** What the abort ladder calls while an object stays: does the restarts of this run that were asked for. Never throws. */
export function mender(mending: Mending): () => Promise<void> {
  let lastMs = -Infinity;
  return async () => {
    const now = performance.now();
    if (now - lastMs < askEveryMs) return;
    lastMs = now;
    try {
      // Bounded: a database that hangs must not keep the ladder on its rung.
      await bounded(() => restartAsked(mending), { deadlineMs: 3 * callMs, signal: mending.signal });
    } catch (error) {
      if (!mending.signal.aborted) mending.log("a restart could not be done", { error: messageOf(error) });
    }
  };
}

async function restartAsked(mending: Mending): Promise<void> {
  const asked = await claimRestart(mending.database, claimMs, mending.runId);
  if (asked === null) return;
  const done = await restartPod(mending.cluster, asked, mending.signal);
  await endRestart(mending.database, asked.id, done.ok ? "done" : "failed");
  await mending.say(done);
}

/**
 * Deletes the pod as it is now, so that its controller makes another, without the rules and the layer of any fault. The
 * uid is the deletion's precondition: a pod that has just been replaced is left alone. Never throws but for the signal.
 */
export async function restartPod(
  cluster: Cluster,
  { namespace, pod }: { namespace: string; pod: string },
  signal: AbortSignal,
): Promise<RestartDone> {
  const told = (ok: boolean, detail: string): RestartDone => ({ type: "restart-done", pod, ok, detail });
  try {
    const found = await bounded((inner) => cluster.getPod(namespace, pod, inner), { deadlineMs: callMs, signal });
    if (found === null) return told(true, "there was no such pod just then; its controller makes it anew");
    if (found.metadata.deletionTimestamp !== undefined) return told(true, "it was going already");
    const ref = { namespace, name: pod, uid: found.metadata.uid ?? "", gracePeriodSeconds };
    const outcome = await bounded((inner) => cluster.deletePod(ref, inner), { deadlineMs: callMs, signal });
    return told(
      true,
      outcome === "deleted" ? "deleted; its controller makes it anew" : "another had replaced it already",
    );
  } catch (error) {
    signal.throwIfAborted();
    return told(false, messageOf(error));
  }
}
