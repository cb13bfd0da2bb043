import type { ChaosMeshPod, Cluster } from "../cluster/port.ts";
import type { Recorder } from "../probes/recorder.ts";
import { daemonOn, nodesWith } from "./chaos-daemon.ts";
import type { Intent } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import type { Journal } from "./journal.ts";

/** A daemon that was lost and is back within less is not worth a call more often than this. */
const lookEveryMs = 3000;

interface Watched {
  cluster: Cluster;
  journal: Pick<Journal, "say">;
  recorder: Pick<Recorder, "event" | "now">;
  intents: readonly Intent[];
}

export interface DaemonWatch {
  /**
   * Looks when it is time to, and not while it still looks. Never throws: whether the cluster answers is told by the look at
   * the fault itself, which must not wait for this one. Says nothing once the signal is aborted.
   */
  look(signal: AbortSignal): Promise<void>;
}

/**
 * Watches the daemons that hold a run's faults in place. One that was started anew knows nothing of them: Chaos Mesh then
 * reports a recovery that nobody has done, and a layer may stay on a volume (anchors/chaos-platforms.md 3.6). So it is
 * said when it happens, and that the cleanup is judged in the pods alone.
 */
export function watchDaemons({ cluster, journal, recorder, intents }: Watched): DaemonWatch {
  const held = intents.filter(({ kind }) => faultKindOf(kind).injectedBy === "daemon");
  const known = new Map<string, ChaosMeshPod>();
  const lost = new Set<string>();
  let lookedAtMs: number | null = null;
  let looking = false;
  const tell = (event: string, node: string, daemon: string): void => {
    const said = { atMs: recorder.now(), source: "cluster", event, detail: { node, daemon } };
    recorder.event(said);
    // Told in its turn; the owner notices a lost lease by itself.
    journal.say({ type: "system", ...said }).catch(() => undefined);
  };
  const compare = (node: string, now: ChaosMeshPod | undefined): void => {
    const before = known.get(node);
    if (now?.ready !== true) {
      if (!lost.has(node)) tell("daemon-lost", node, before?.name ?? now?.name ?? "none");
      lost.add(node);
      return;
    }
    if (before !== undefined && before.instance !== now.instance) tell("daemon-replaced", node, now.name);
    else if (lost.has(node)) tell("daemon-back", node, now.name);
    lost.delete(node);
    known.set(node, now);
  };
  return {
    look: async (signal) => {
      if (held.length === 0 || looking) return;
      if (lookedAtMs !== null && recorder.now() - lookedAtMs < lookEveryMs) return;
      lookedAtMs = recorder.now();
      looking = true;
      try {
        const nodes = await nodesOf(cluster, held, signal);
        const { daemons } = await cluster.chaosMesh(signal);
        signal.throwIfAborted();
        for (const node of nodes) compare(node, daemonOn(daemons, node));
      } catch {
        // See `look`.
      } finally {
        looking = false;
      }
    },
  };
}

/** The nodes on which the targets are now. */
async function nodesOf(cluster: Cluster, intents: readonly Intent[], signal: AbortSignal): Promise<string[]> {
  const names = intents.flatMap(({ targets }) => [...targets.subject, ...targets.target].map(({ pod }) => pod));
  const namespaces = [...new Set(intents.map(({ namespace }) => namespace))];
  const pods = await Promise.all(namespaces.map((namespace) => cluster.pods(namespace, signal)));
  return nodesWith(pods.flat(), names);
}
