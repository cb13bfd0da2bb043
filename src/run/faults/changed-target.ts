import type { PodAddress } from "../../probes/system.ts";
import type { FaultTarget } from "../../store/faults.ts";

/** What of a target is another than at injection; a fault may have ended with it while its object still says Injected. */
export interface ChangedTarget {
  pod: string;
  /** `pod`: another uid, or none; `address`: another pod IP; `container`: started anew. */
  what: "pod" | "address" | "container";
  /** The container's name, where it is one. */
  container: string | null;
}

/** The first target that is not what was hit (anchors/chaos-platforms.md 3.3, last row); null while all are. Pure. */
export function changedTarget(targets: readonly FaultTarget[], pods: readonly PodAddress[]): ChangedTarget | null {
  for (const target of targets) {
    const now = pods.find(({ name }) => name === target.pod);
    const changed = (what: ChangedTarget["what"], container: string | null = null): ChangedTarget => ({
      pod: target.pod,
      what,
      container,
    });
    if (now?.uid !== target.uid) return changed("pod");
    if (now.host !== target.host) return changed("address");
    const restarted = Object.entries(target.containerIds ?? {}).find(([name, id]) => now.containerIds?.[name] !== id);
    if (restarted !== undefined) return changed("container", restarted[0]);
  }
  return null;
}
