import { describeRef } from "../../cluster/kinds.ts";
import type { ChaosRef, KubernetesObject } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import { bounded } from "../bounded.ts";
import type { FaultTools, HealingProof } from "../faults/fault-kind.ts";
import { pause } from "../wait.ts";
import { defaultHealDeadlines, type HealDeadlines, type HealStepName } from "./steps.ts";
import { diagnose } from "./stuck.ts";

const lookEveryMs = 200;
/** A server that did not answer is asked again after this long, twice as long each time, and at most after the other. */
const firstBackOffMs = 200;
const longestBackOffMs = 5000;

/** What is known of an object that shall go. */
interface Sight {
  /** When a DELETE was first taken; null while none was. */
  takenAt: number | null;
  /** As last seen. */
  object: KubernetesObject | null;
  problem: string;
}

/**
 * Makes one object of ours go: DELETE, and look until it is gone; if it stays, say why and (where `offerMs` says so) wait
 * for somebody to have its target restarted; if it still stays, drop its finalizers. Every rung has its deadline and
 * every call too, so that a server that hangs hangs nothing here. Needs nothing but the cluster: a worker, a take-over,
 * a janitor and the command line climb the same. Tells each rung to `tools.onStep` as it happens. Never throws but for
 * the signal: what stays, and what had to be forced, is a proof that failed.
 */
export async function climb(ref: ChaosRef, tools: FaultTools, given: HealDeadlines): Promise<HealingProof> {
  const deadlines = { ...defaultHealDeadlines, offerMs: 0, ...given };
  const startedAt = performance.now();
  const what = `${describeRef(ref)} is gone`;
  const sight: Sight = { takenAt: null, object: null, problem: "still there" };
  const tell = (step: HealStepName, detail: string, pods: string[] = []): void => {
    const afterMs = performance.now() - startedAt;
    tools.onStep?.({ type: "heal-step", step, ...ref, afterMs, detail, pods });
  };
  const rung = (deadlineMs: number, mend?: () => Promise<void>): Promise<boolean> =>
    awaitGone(ref, tools, { deadlineMs, ...deadlines }, sight, {
      onUnreachable: () => tell("unreachable", sight.problem),
      mend,
    });

  tell("delete", "asked to go");
  if (await rung(deadlines.deleteMs)) {
    tell("gone", "deleted");
    return { type: "healing-proof", what, ok: true, detail: "deleted" };
  }
  const { reasons, pods } = await diagnose(ref, sight.object, { ...tools, callMs: deadlines.callMs });
  tell("stuck", reasons.join("; "), pods);
  if (deadlines.offerMs > 0 && pods.length > 0 && tools.mend !== undefined) {
    tell("restart-offered", `for ${deadlines.offerMs / 1000} s`, pods);
    if (await rung(deadlines.offerMs, tools.mend)) {
      tell("gone", "it went");
      return { type: "healing-proof", what, ok: true, detail: "deleted, after its target was restarted" };
    }
  }
  try {
    await bounded((signal) => tools.cluster.dropFinalizers(ref, signal), { ...tools, deadlineMs: deadlines.callMs });
    tell("forced", "its finalizers were dropped: nobody vouches that its rules were removed", pods);
  } catch (error) {
    tools.signal.throwIfAborted();
    sight.problem = messageOf(error);
  }
  if (await rung(deadlines.forceMs)) {
    tell("gone", "without its finalizers");
    return {
      type: "healing-proof",
      what: `${describeRef(ref)} healed before it went`,
      ok: false,
      detail: `it had to be freed of its finalizer, so nobody vouches that its rules were removed (${reasons.join("; ")})`,
    };
  }
  tell("gave-up", sight.problem);
  return { type: "healing-proof", what, ok: false, detail: sight.problem };
}

/** Asks and looks until it is gone (true) or the rung's time is over. `mend` is called at every look. */
async function awaitGone(
  ref: ChaosRef,
  { cluster, signal }: FaultTools,
  { deadlineMs, reachMs, callMs }: { deadlineMs: number; reachMs: number; callMs: number },
  sight: Sight,
  { onUnreachable, mend }: { onUnreachable: () => void; mend: (() => Promise<void>) | undefined },
): Promise<boolean> {
  const startedAt = performance.now();
  let backOffMs = 0;
  const end = (): number =>
    sight.takenAt === null
      ? startedAt + Math.max(reachMs, deadlineMs)
      : Math.max(startedAt, sight.takenAt) + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      // It is safe to ask twice, and an object that somebody made anew has to be asked anew.
      if (sight.object?.metadata.deletionTimestamp === undefined) {
        await bounded((inner) => cluster.deleteChaos(ref, inner), { deadlineMs: callMs, signal });
        sight.takenAt ??= performance.now();
      }
      sight.object = await bounded((inner) => cluster.getChaos(ref, inner), { deadlineMs: callMs, signal });
      if (sight.object === null) return true;
      sight.problem = "still there";
      backOffMs = 0;
      await mend?.();
    } catch (error) {
      signal.throwIfAborted();
      // A server that cannot be reached now may be reached before the deadline.
      sight.problem = messageOf(error);
      if (backOffMs === 0) onUnreachable();
      backOffMs = Math.min(longestBackOffMs, Math.max(firstBackOffMs, backOffMs * 2));
    }
    const leftMs = end() - performance.now();
    if (leftMs <= 0) return false;
    await pause(Math.min(leftMs, backOffMs === 0 ? lookEveryMs : backOffMs), signal);
  }
}
