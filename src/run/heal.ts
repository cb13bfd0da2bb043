import type { Cluster } from "../cluster/port.ts";
import { describeRef, runLabel } from "../cluster/kinds.ts";
import { messageOf } from "../errors.ts";
import type { SystemSession } from "../probes/system.ts";
import type { Database } from "../store/database.ts";
import { faultsOf, setFaultState, type StoredFault } from "../store/faults.ts";
import type { RunEventBody } from "./events.ts";
import { refOf } from "./inject.ts";
import { until } from "./wait.ts";

export type HealingProof = Extract<RunEventBody, { type: "healing-proof" }>;
type FaultRemoved = Extract<RunEventBody, { type: "fault-removed" }>;

/** Deadlines of the abort ladder (anchors/chaos-platforms.md 3.6). */
export interface HealDeadlines {
  /** From DELETE until the objects are gone. */
  deleteMs: number;
  /** From dropping the finalizers until the objects are gone. */
  forceMs: number;
}

export const defaultHealDeadlines: HealDeadlines = { deleteMs: 30_000, forceMs: 10_000 };

interface HealInput {
  runId: string;
  cluster: Cluster;
  database: Database;
  signal: AbortSignal;
  deadlines: HealDeadlines;
  /** Milliseconds on the recorder's clock; null after a take-over, where that clock is gone. */
  now: () => number | null;
}

/**
 * Deletes everything of the run and waits until it is gone: what was intended (even if the create's answer was lost)
 * and what carries the run's label. Idempotent. Never throws for a fault that stays: the proofs say so.
 */
export async function removeFaults(
  input: HealInput,
): Promise<{ removed: FaultRemoved[]; proofs: HealingProof[]; faults: StoredFault[] }> {
  const { runId, cluster, database, signal } = input;
  const faults = await faultsOf(database, runId);
  const removed: FaultRemoved[] = [];
  const proofs: HealingProof[] = [];
  await Promise.all(
    faults.map(async (fault) => {
      const startedAt = performance.now();
      const proof = await removeOne(input, fault);
      proofs.push(proof);
      if (!proof.ok) return;
      await setFaultState(database, runId, fault.faultId, "removed");
      removed.push({
        type: "fault-removed",
        fault: fault.faultId,
        kind: fault.kind,
        name: fault.name,
        atMs: input.now(),
        tookMs: performance.now() - startedAt,
      });
    }),
  );
  proofs.push(await nothingLabelled(cluster, runId, signal));
  return { removed, proofs, faults };
}

async function removeOne(input: HealInput, fault: StoredFault): Promise<HealingProof> {
  const { cluster, signal, deadlines } = input;
  const ref = refOf(fault);
  const what = `${describeRef(ref)} is gone`;
  const gone = async (deadlineMs: number): Promise<boolean> =>
    (await until(
      async () => {
        // A server that cannot be reached now may be reached before the deadline; DELETE is safe to repeat.
        try {
          await cluster.deleteChaos(ref, signal);
          return (await cluster.getChaos(ref, signal)) === null ? true : undefined;
        } catch (error) {
          lastProblem = messageOf(error);
          return undefined;
        }
      },
      { deadlineMs, everyMs: 200, signal },
    )) === true;
  let lastProblem = "still there";
  if (await gone(deadlines.deleteMs)) return { type: "healing-proof", what, ok: true, detail: "deleted" };
  try {
    await cluster.dropFinalizers(ref, signal);
  } catch (error) {
    lastProblem = messageOf(error);
  }
  if (await gone(deadlines.forceMs)) {
    return {
      type: "healing-proof",
      what: `${describeRef(ref)} healed before it went`,
      ok: false,
      detail: "it had to be freed of its finalizer, so nobody vouches that its rules were removed",
    };
  }
  return { type: "healing-proof", what, ok: false, detail: lastProblem };
}

async function nothingLabelled(cluster: Cluster, runId: string, signal: AbortSignal): Promise<HealingProof> {
  const what = "no chaos object of this run is left on the cluster";
  try {
    const left = await cluster.listChaos(`${runLabel}=${runId}`, undefined, signal);
    const names = left.map((object) => `${object.kind}/${object.metadata.name}`);
    return { type: "healing-proof", what, ok: left.length === 0, detail: names.join(", ") || "none found" };
  } catch (error) {
    return { type: "healing-proof", what, ok: false, detail: messageOf(error) };
  }
}

/** A path that does not answer for this long after its fault is gone is reported as not healed. */
const pathBackDeadlineMs = 30_000;

/**
 * Proves in the data path that the pods which a fault kept apart talk to each other again. A member may be restarting
 * just then (a demoted PostgreSQL is rewound), so what does not answer at once is asked again until the deadline.
 */
export async function proveDataPath(
  session: SystemSession,
  faults: readonly StoredFault[],
  signal: AbortSignal,
  deadlineMs = pathBackDeadlineMs,
): Promise<HealingProof[]> {
  const proofs: HealingProof[] = [];
  for (const fault of faults.filter(({ kind }) => kind === "NetworkChaos")) {
    const names = (side: "subject" | "target"): string[] => fault.targets[side].map(({ pod }) => pod);
    const look = () => session.proveConnected(names("subject"), names("target"));
    let proof = await look();
    await until(
      async () => {
        if (!proof.ok) proof = await look();
        return proof.ok ? true : undefined;
      },
      { deadlineMs, everyMs: 500, signal },
    );
    const broken = proof.pairs.filter((pair) => !pair.ok);
    proofs.push({
      type: "healing-proof",
      what: `${names("subject").join(", ")} and ${names("target").join(", ")} answer each other, both ways`,
      ok: proof.ok,
      detail:
        broken.length === 0
          ? `${proof.pairs.length} of ${proof.pairs.length} paths answer`
          : broken.map((pair) => `${pair.from} to ${pair.to}: ${pair.detail}`).join("; "),
    });
  }
  return proofs;
}

/** A killed pod that is not there and ready after this long is reported as not healed. */
const podsBackDeadlineMs = 60_000;

/**
 * Proves that every pod which a PodChaos took down is there again and ready. After a kill, what replaces it is the
 * cluster's work, not ours.
 */
export async function provePodsBack(
  cluster: Cluster,
  faults: readonly StoredFault[],
  signal: AbortSignal,
  deadlineMs = podsBackDeadlineMs,
): Promise<HealingProof[]> {
  return Promise.all(
    faults
      .filter(({ kind }) => kind === "PodChaos")
      .flatMap(({ namespace, targets }) =>
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
      ),
  );
}
