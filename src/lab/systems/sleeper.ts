import { inbound, ownSockets, tcpTableOf } from "../network/connections.ts";
import type { LabObject, ObjectStore } from "../objects.ts";
import { record, texts } from "../runtime/pod-spec.ts";
import type { LabSystem } from "./on-demand.ts";

/** Annotation of a workload that was stopped because nobody used it: how many pods it has when it runs. */
export const idleReplicasAnnotation = "lab.aftershock.dev/replicas-when-used";

const workloadKinds = ["StatefulSet", "Deployment"];
const chaosKinds = ["NetworkChaos", "PodChaos", "IOChaos"];

/** Puts a system's pods to sleep and brings them back; their volumes stay. */
export interface Sleeper {
  /** Why it is in use, in words; null: nothing says that it is. */
  use(system: LabSystem): string | null;
  /** Scales its workloads to nothing. */
  sleep(system: LabSystem): void;
  /** Whether pods that it was stopped with are still there, marked for it or not yet. */
  stopping(system: LabSystem): boolean;
  /** Scales its workloads to what they were. */
  resume(system: LabSystem): void;
}

/** What the sleeper needs of the kubelet. */
export interface PodNetworks {
  /** A process in the network namespace of a running pod. */
  networkPid(pod: LabObject): number | undefined;
}

/**
 * A system is in use while somebody from outside is connected to one of its pods, while a chaos object is in its
 * namespace or selects pods there, and while somebody's own pod runs there. Its members' connections among each other
 * are none of that, nor are the lab's own looks at them.
 */
export function createSleeper(store: ObjectStore, pods: PodNetworks, hostAddress: string): Sleeper {
  const belongs = ({ namespace, apps }: LabSystem, { metadata }: LabObject): boolean =>
    metadata.namespace === namespace && (apps === undefined || apps.includes(metadata.labels?.["app"] ?? ""));
  const podsOf = (system: LabSystem): LabObject[] =>
    store.list("Pod", system.namespace).filter((pod) => belongs(system, pod));
  const workloadsOf = (system: LabSystem): LabObject[] =>
    workloadKinds.flatMap((kind) => store.list(kind, system.namespace)).filter((workload) => belongs(system, workload));

  const chaos = ({ namespace }: LabSystem): string | null => {
    const found = chaosKinds.flatMap((kind) => store.list(kind)).find((object) => namespacesOf(object).has(namespace));
    return found === undefined ? null : `${found.kind} ${found.metadata.name} is there`;
  };
  const connection = (members: readonly LabObject[]): string | null => {
    const own = new Set(members.map((pod) => String(pod.status?.["podIP"] ?? "")));
    const outside = members.flatMap((pod) => {
      const pid = pods.networkPid(pod);
      const host = String(pod.status?.["podIP"] ?? "");
      const open = pid === undefined ? [] : inbound(tcpTableOf(pid));
      return open
        .filter(({ fromHost }) => !own.has(fromHost))
        .map((from) => ({ ...from, host, pod: pod.metadata.name }));
    });
    if (outside.length === 0) return null;
    // The lab itself asks its members how they are: of connections from this machine the other end says whose they are.
    const [rows, ours] = [tcpTableOf("self"), ownSockets()];
    const others = outside.filter((from) => {
      if (from.fromHost !== hostAddress) return true;
      const end = rows.find(
        (row) => row.localPort === from.fromPort && row.remoteHost === from.host && row.remotePort === from.toPort,
      );
      return end !== undefined && end.state === "established" && !ours.has(end.inode);
    });
    const [first] = others;
    return first === undefined ? null : `${first.fromHost} is connected to ${first.pod}:${first.toPort}`;
  };

  return {
    use: (system) => {
      const members = podsOf(system);
      const bare = members.find((pod) => (pod.metadata.ownerReferences ?? []).length === 0);
      if (bare !== undefined) return `pod ${bare.metadata.name} is there`;
      return chaos(system) ?? connection(members);
    },
    sleep: (system) => {
      for (const workload of workloadsOf(system)) {
        const replicas = Number(workload.spec?.["replicas"] ?? 1);
        if (replicas === 0) continue;
        store.update(keyOf(workload), (copy) => {
          copy.metadata.annotations = { ...copy.metadata.annotations, [idleReplicasAnnotation]: String(replicas) };
          copy.spec = { ...copy.spec, replicas: 0 };
        });
      }
    },
    // Not only pods that are marked: between the scaling and its controller's next look they all seem well, and go then.
    stopping: (system) => podsOf(system).some((pod) => (pod.metadata.ownerReferences ?? []).length > 0),
    resume: (system) => {
      for (const workload of workloadsOf(system)) {
        const replicas = Number(workload.metadata.annotations?.[idleReplicasAnnotation]);
        if (!Number.isInteger(replicas)) continue;
        store.update(keyOf(workload), (copy) => {
          const { [idleReplicasAnnotation]: _used, ...annotations } = copy.metadata.annotations ?? {};
          copy.metadata.annotations = annotations;
          copy.spec = { ...copy.spec, replicas };
        });
      }
    },
  };
}

function keyOf({ kind, metadata }: LabObject): { kind: string; namespace: string; name: string } {
  return { kind, namespace: metadata.namespace ?? "default", name: metadata.name };
}

/** Where a chaos object is, and where it looks for pods (anchors/chaos-platforms.md 3.4). */
export function namespacesOf(object: LabObject): Set<string> {
  const spec = record(object.spec);
  const selectors = [record(spec["selector"]), record(record(spec["target"])["selector"])];
  return new Set([
    object.metadata.namespace ?? "default",
    ...selectors.flatMap((selector) => [...texts(selector["namespaces"]), ...Object.keys(record(selector["pods"]))]),
  ]);
}
