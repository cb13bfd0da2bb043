import type { SystemSession } from "../../probes/system.ts";
import type { StoredFault } from "../../store/faults.ts";
import { until } from "../wait.ts";
import { createAndAwait, deleteAndAwait, lookAtObject, podRecordIds, replacedPod } from "./chaos-object.ts";
import type { Effect, FaultKind, HealingProof, Intent, LiveTools } from "./fault-kind.ts";

/** A path that does not answer for this long after its fault is gone is reported as not healed. */
const pathBackDeadlineMs = 30_000;

/** Partitions between pods. They act by the addresses of the time of injection, so a replaced pod escapes them. */
export const networkChaos: FaultKind = {
  kind: "NetworkChaos",
  injectedBy: "daemon",
  isOneShot: () => false,
  inject: (intent, tools) => createAndAwait(intent, tools, podRecordIds(intent)),
  look: async (intent, tools) => {
    return (await lookAtObject(intent, tools, podRecordIds(intent))) ?? replacedPod(intent, tools);
  },
  effect: silentEffect,
  remove: deleteAndAwait,
  prove: async () => [],
  proveInDataPath: async (fault, { session, signal }) => [await provePathBack(session, fault, signal)],
};

/** So often is asked again where asking itself failed. */
const effectTries = 3;

/** One pair that is cut must not answer. That nobody could be asked is not that nobody answered: then nothing is said. */
async function silentEffect(intent: Intent, { session, signal }: LiveTools): Promise<Effect | null> {
  const [subject] = intent.targets.subject;
  const [target] = intent.targets.target;
  if (subject === undefined || target === undefined) return null;
  for (let tries = 0; tries < effectTries && !signal.aborted; tries += 1) {
    const { pairs } = await session.proveConnected([subject.pod], [target.pod]);
    const answered = pairs.some((pair) => pair.ok);
    if (!answered && pairs.every((pair) => pair.unasked === true)) continue;
    const reason = `${subject.pod} and ${target.pod} still answered each other during the partition`;
    return { effective: !answered, detail: { from: subject.pod, to: target.pod, ...(answered ? { reason } : {}) } };
  }
  return null;
}

/**
 * Proves in the data path that the pods which a fault kept apart talk to each other again. A member may be restarting
 * just then (a demoted PostgreSQL is rewound), so what does not answer at once is asked again until the deadline.
 */
export async function provePathBack(
  session: SystemSession,
  fault: StoredFault,
  signal: AbortSignal,
  deadlineMs = pathBackDeadlineMs,
): Promise<HealingProof> {
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
  return {
    type: "healing-proof",
    what: `${names("subject").join(", ")} and ${names("target").join(", ")} answer each other, both ways`,
    ok: proof.ok,
    detail:
      broken.length === 0
        ? `${proof.pairs.length} of ${proof.pairs.length} paths answer`
        : broken.map((pair) => `${pair.from} to ${pair.to}: ${pair.detail}`).join("; "),
  };
}
