import type { ChaosRef, Cluster, KubernetesObject } from "../cluster/port.ts";
import { runLabel } from "../cluster/kinds.ts";
import { messageOf } from "../errors.ts";
import type { Database, Queryable } from "../store/database.ts";
import { faultsOf, setFaultState, type StoredFault } from "../store/faults.ts";
import { bounded } from "./bounded.ts";
import type { RunEventBody } from "./events.ts";
import type { FaultTools, HealDeadlines, HealingProof, LiveTools } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import { climb } from "./ladder/ladder.ts";
import { defaultHealDeadlines, ladderBoundMs } from "./ladder/steps.ts";

export { defaultHealDeadlines } from "./ladder/steps.ts";

export type FaultRemoved = Extract<RunEventBody, { type: "fault-removed" }>;

export interface HealInput {
  runId: string;
  cluster: Cluster;
  database: Database;
  signal: AbortSignal;
  deadlines: HealDeadlines;
  /** Milliseconds on the recorder's clock; null after a take-over, where that clock is gone. */
  now: () => number | null;
  /** What was intended, where the caller knows it: PostgreSQL is not asked then. */
  faults?: readonly StoredFault[];
  onStep?: FaultTools["onStep"];
  mend?: FaultTools["mend"];
}

export interface Healing {
  removed: FaultRemoved[];
  proofs: HealingProof[];
  faults: StoredFault[];
}

/**
 * Removes everything of the run and waits until it is gone: what was intended (even if the answer to its injection was
 * lost) and what carries the run's label. Needs the cluster only once `faults` are given; what was removed is for the
 * caller to note (`noteRemoved`). Idempotent. Never throws for a fault that stays: the proofs say so.
 */
export async function removeFaults(input: HealInput): Promise<Healing> {
  const { runId, cluster, signal, deadlines } = input;
  const faults = [...(input.faults ?? (await faultsOf(input.database, runId)))];
  const tools = toolsOf(input);
  const removed: FaultRemoved[] = [];
  const proofs: HealingProof[] = [];
  await Promise.all(
    faults.map(async (fault) => {
      const startedAt = performance.now();
      const proof = await removeOne(fault, tools, deadlines);
      proofs.push(proof);
      if (!proof.ok) return;
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
  const labelled = await removeLabelled({ runId, cluster, tools, deadlines, except: faults });
  proofs.push(...labelled);
  signal.throwIfAborted();
  return { removed, proofs, faults };
}

/** Notes that faults were removed, in the caller's transaction. */
export async function noteRemoved(client: Queryable, runId: string, removed: readonly FaultRemoved[]): Promise<void> {
  for (const { fault } of removed) await setFaultState(client, runId, fault, "removed");
}

function toolsOf({ cluster, signal, onStep, mend }: HealInput): FaultTools {
  return { cluster, signal, ...(onStep === undefined ? {} : { onStep }), ...(mend === undefined ? {} : { mend }) };
}

/** What a kind cannot do, or does not end, is a proof that failed: the other faults of the run are removed all the same. */
async function removeOne(fault: StoredFault, tools: FaultTools, deadlines: HealDeadlines): Promise<HealingProof> {
  try {
    const limits = { deadlineMs: ladderBoundMs(deadlines), signal: tools.signal };
    return await bounded((signal) => faultKindOf(fault.kind).remove(fault, { ...tools, signal }, deadlines), limits);
  } catch (error) {
    tools.signal.throwIfAborted();
    return {
      type: "healing-proof",
      what: `${fault.kind} ${fault.namespace}/${fault.name} is gone`,
      ok: false,
      detail: messageOf(error),
    };
  }
}

/**
 * Looks for chaos objects with the run's label that its intents do not name, or that an answer which came too late has
 * made, and has them go by the ladder as well. The proof counts what is left after that.
 */
export async function removeLabelled({
  runId,
  cluster,
  tools,
  deadlines,
  except = [],
}: {
  runId: string;
  cluster: Cluster;
  tools: FaultTools;
  deadlines: HealDeadlines;
  /** Faults whose own ladder was climbed just now: to begin again at its foot would only take the time twice. */
  except?: readonly StoredFault[];
}): Promise<HealingProof[]> {
  const what = "no chaos object of this run is left on the cluster";
  const callMs = deadlines.callMs ?? defaultHealDeadlines.callMs;
  const look = async (again = looks): Promise<KubernetesObject[]> => {
    try {
      const limits = { deadlineMs: callMs, signal: tools.signal };
      return await bounded((inner) => cluster.listChaos(`${runLabel}=${runId}`, undefined, inner), limits);
    } catch (error) {
      tools.signal.throwIfAborted();
      if (again <= 1) throw error;
      return look(again - 1);
    }
  };
  try {
    const found = await look();
    const others = found.filter(
      ({ kind, metadata }) => !except.some((fault) => fault.kind === kind && fault.name === metadata.name),
    );
    const went = await Promise.all(others.map((object) => climb(refOfObject(object), tools, deadlines)));
    const left = found.length === 0 ? [] : await look();
    const names = left.map((object) => `${object.kind}/${object.metadata.name}`);
    return [...went, { type: "healing-proof", what, ok: left.length === 0, detail: names.join(", ") || "none found" }];
  } catch (error) {
    tools.signal.throwIfAborted();
    return [{ type: "healing-proof", what, ok: false, detail: messageOf(error) }];
  }
}

/** A cluster that hangs for one deadline has not shown anything: people are called when it was asked so many times in vain. */
const looks = 3;

/** How an object of ours is spoken of. */
export function refOfObject({ kind, metadata }: KubernetesObject): ChaosRef {
  return { kind, name: metadata.name, namespace: metadata.namespace ?? "default" };
}

/** A kind's own proofs end by themselves before this; what does not is a proof that failed. */
const proofBoundMs = 180_000;

/** Proves by the cluster and its pods that every fault is gone. Never throws but for the signal. */
export async function proveFaultsGone(faults: readonly StoredFault[], tools: FaultTools): Promise<HealingProof[]> {
  const proofs = faults.map((fault) =>
    proven(`${fault.kind} ${fault.name} left nothing behind`, tools, (signal) =>
      faultKindOf(fault.kind).prove(fault, { ...tools, signal }),
    ),
  );
  return (await Promise.all(proofs)).flat();
}

/** Proves through the system itself that every fault is gone. Never throws but for the signal. */
export async function proveDataPath(faults: readonly StoredFault[], tools: LiveTools): Promise<HealingProof[]> {
  const proofs: HealingProof[] = [];
  for (const fault of faults) {
    proofs.push(
      ...(await proven(`the data path of ${fault.kind} ${fault.name} was tried`, tools, async (signal) => {
        const { proveInDataPath } = faultKindOf(fault.kind);
        return (await proveInDataPath?.(fault, { ...tools, signal })) ?? [];
      })),
    );
  }
  return proofs;
}

/** A proof that could not be had is one that failed. */
async function proven(
  what: string,
  { signal }: FaultTools,
  prove: (signal: AbortSignal) => Promise<HealingProof[]>,
): Promise<HealingProof[]> {
  try {
    return await bounded(prove, { deadlineMs: proofBoundMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    return [{ type: "healing-proof", what, ok: false, detail: messageOf(error) }];
  }
}
