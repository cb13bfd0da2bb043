import type { Cluster } from "../cluster/port.ts";
import { runLabel } from "../cluster/kinds.ts";
import { messageOf } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { faultsOf, setFaultState, type StoredFault } from "../store/faults.ts";
import type { RunEventBody } from "./events.ts";
import type { FaultTools, HealDeadlines, HealingProof, LiveTools } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";

type FaultRemoved = Extract<RunEventBody, { type: "fault-removed" }>;

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
 * Removes everything of the run and waits until it is gone: what was intended (even if the answer to its injection was
 * lost) and what carries the run's label. Idempotent. Never throws for a fault that stays: the proofs say so.
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
      const proof = await faultKindOf(fault.kind).remove(fault, { cluster, signal }, input.deadlines);
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

/** Proves by the cluster and its pods that every fault is gone. */
export async function proveFaultsGone(faults: readonly StoredFault[], tools: FaultTools): Promise<HealingProof[]> {
  return (await Promise.all(faults.map((fault) => faultKindOf(fault.kind).prove(fault, tools)))).flat();
}

/** Proves through the system itself that every fault is gone. */
export async function proveDataPath(faults: readonly StoredFault[], tools: LiveTools): Promise<HealingProof[]> {
  const proofs: HealingProof[] = [];
  for (const fault of faults) {
    proofs.push(...((await faultKindOf(fault.kind).proveInDataPath?.(fault, tools)) ?? []));
  }
  return proofs;
}
