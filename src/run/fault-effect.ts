import type { Cluster } from "../cluster/port.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { SystemSession } from "../probes/system.ts";
import { actionOf, type Intent } from "./inject.ts";
import { until } from "./wait.ts";

/** A pod that still stands after this long was not taken down. */
const downDeadlineMs = 10_000;

interface Look {
  session: SystemSession;
  cluster: Cluster;
  intents: readonly Intent[];
  recorder: Recorder;
  signal: AbortSignal;
}

/**
 * Whether each fault did what it is there for: a pair that a partition cuts must not answer, a killed pod must be gone
 * or another, a pod that is held down must not be ready. A fault that the cluster only says is there would let the hypothesis hold for nothing, so the judge is
 * told: `fault-effective` or `fault-without-effect`, with the reason.
 */
export async function lookForEffect(look: Look): Promise<void> {
  for (const intent of look.intents) {
    const found = await effectOf(look, intent);
    if (found === null) continue;
    look.recorder.event({
      atMs: look.recorder.now(),
      source: "run",
      event: found.effective ? "fault-effective" : "fault-without-effect",
      detail: { fault: intent.faultId, ...found.detail },
    });
  }
}

interface Effect {
  effective: boolean;
  detail: Record<string, string>;
}

/** Null for a fault whose effect cannot be looked at from here. */
async function effectOf(look: Look, intent: Intent): Promise<Effect | null> {
  const [subject] = intent.targets.subject;
  const [target] = intent.targets.target;
  if (subject === undefined) return null;
  if (intent.kind === "NetworkChaos" && target !== undefined) {
    const proof = await look.session.proveConnected([subject.pod], [target.pod]);
    const answered = proof.pairs.some((pair) => pair.ok);
    const reason = `${subject.pod} and ${target.pod} still answered each other during the partition`;
    return { effective: !answered, detail: { from: subject.pod, to: target.pod, ...(answered ? { reason } : {}) } };
  }
  const action = actionOf(intent);
  if (action !== "pod-kill" && action !== "pod-failure") return null;
  const down = await until(
    async () => {
      const pods = await look.cluster.pods(intent.namespace, look.signal);
      const standing = intent.targets.subject.filter(({ pod, uid }) =>
        pods.some((now) => now.name === pod && now.uid === uid && (action === "pod-kill" || now.ready)),
      );
      return standing.length > 0 ? undefined : true;
    },
    { deadlineMs: downDeadlineMs, everyMs: 250, signal: look.signal },
  );
  const pods = intent.targets.subject.map(({ pod }) => pod).join(" ");
  const reason = `${pods}: not all went down within ${downDeadlineMs / 1000} s`;
  return { effective: down === true, detail: { pods, ...(down === true ? {} : { reason }) } };
}
