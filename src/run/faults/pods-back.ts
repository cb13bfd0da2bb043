import type { Cluster } from "../../cluster/port.ts";
import { messageOf } from "../../errors.ts";
import type { StoredFault } from "../../store/faults.ts";
import { until } from "../wait.ts";
import type { Effect, FaultTools, HealingProof, Intent } from "./fault-kind.ts";

/** A killed pod that is not there and ready after this long is reported as not healed. */
const podsBackDeadlineMs = 60_000;
/** A pod that still stands after this long was not taken down. */
const downDeadlineMs = 10_000;

/**
 * Proves that every pod which a fault took down is there again and ready. After a kill, what replaces it is the
 * cluster's work, not ours.
 */
export async function provePodsBack(
  cluster: Cluster,
  { namespace, targets }: Pick<StoredFault, "namespace" | "targets">,
  signal: AbortSignal,
  deadlineMs = podsBackDeadlineMs,
): Promise<HealingProof[]> {
  return Promise.all(
    targets.subject.map(async ({ pod, uid }): Promise<HealingProof> => {
      const startedAt = performance.now();
      let last = "not looked at";
      const back = await until(
        async () => {
          try {
            const found = (await cluster.pods(namespace, signal)).find((candidate) => candidate.name === pod);
            last = found === undefined ? "there is no such pod" : found.ready ? "" : "it is not ready";
            return found?.ready === true ? found : undefined;
          } catch (error) {
            last = messageOf(error);
            return undefined;
          }
        },
        { deadlineMs, everyMs: 250, signal },
      );
      const waited = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
      const detail =
        back === undefined
          ? `after ${waited}: ${last}`
          : back.uid === uid
            ? "the same pod as before, ready"
            : "replaced and ready";
      return { type: "healing-proof", what: `pod ${pod} is back and ready`, ok: back !== undefined, detail };
    }),
  );
}

/** Waits until none of the pods stands as it was: `gone` means another or none, `unready` that it is held down. */
export async function awaitDown(
  intent: Intent,
  { cluster, signal }: FaultTools,
  wanted: "gone" | "unready",
): Promise<Effect> {
  const down = await until(
    async () => {
      const pods = await cluster.pods(intent.namespace, signal);
      const standing = intent.targets.subject.filter(({ pod, uid }) =>
        pods.some((now) => now.name === pod && now.uid === uid && (wanted === "gone" || now.ready)),
      );
      return standing.length > 0 ? undefined : true;
    },
    { deadlineMs: downDeadlineMs, everyMs: 250, signal },
  );
  const pods = intent.targets.subject.map(({ pod }) => pod).join(" ");
  const reason = `${pods}: not all went down within ${downDeadlineMs / 1000} s`;
  return { effective: down === true, detail: { pods, ...(down === true ? {} : { reason }) } };
}
