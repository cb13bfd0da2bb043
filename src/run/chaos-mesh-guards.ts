import type { ChaosMesh, Cluster, KubernetesObject } from "../cluster/port.ts";
import { isAftershockError } from "../errors.ts";
import type { GuardResult } from "../probes/system.ts";
import { daemonOn } from "./chaos-daemon.ts";
import { faultKindOf } from "./faults/table.ts";
import { foreignActions, hostNetworkProblem, mountProblem } from "./pod-facts.ts";
import type { Plan, PlannedFault } from "./plan.ts";

/**
 * What Chaos Mesh takes without a word and then does not do, or never ends (anchors/chaos-platforms.md 3): asked of the
 * cluster before every run that injects by it, whether or not the experiment names it. What the cluster does not say is
 * unknown, and unknown does not hold.
 */

interface Look {
  cluster: Cluster;
  plan: Pick<Plan, "faults" | "namespace">;
  runId: string;
  signal: AbortSignal;
}

interface ContractGuard {
  id: string;
  title: string;
  /** The faults of a plan that it is about; it is not asked for a plan with none. */
  isAbout(fault: PlannedFault): boolean;
  /** What is wrong, in short sentences; empty: nothing. */
  problems(look: Look, faults: readonly PlannedFault[]): Promise<string[]>;
  holds: string;
  bound: string;
  hint(look: Look): string;
}

export type ContractResult = GuardResult & { id: string; title: string };

/** The binary of the injector in Chaos Mesh's daemon image is for this one only. */
export const injectorArchitecture = "amd64";

const isChaosMesh = ({ kind }: PlannedFault): boolean => faultKindOf(kind).injectedBy !== undefined;
const needsDaemon = ({ kind }: PlannedFault): boolean => faultKindOf(kind).injectedBy === "daemon";
const isOf =
  (kind: string) =>
  (fault: PlannedFault): boolean =>
    fault.kind === kind;

const guards: readonly ContractGuard[] = [
  {
    id: "chaos-mesh-ready",
    title: "Chaos Mesh can inject and heal",
    isAbout: isChaosMesh,
    problems: async (look, faults) => {
      const mesh = await look.cluster.chaosMesh(look.signal);
      const nodes = await nodesOf(look, faults.filter(needsDaemon));
      return [...controllerProblems(mesh), ...nodes.flatMap(({ pod, node }) => daemonProblem(mesh, pod, node) ?? [])];
    },
    holds: "a controller is ready, and a daemon on the node of every target",
    bound: "a ready controller; a ready daemon on each target's node",
    hint: () =>
      "kubectl get pods -A -o wide -l 'app.kubernetes.io/component in (controller-manager, chaos-daemon)'. If they are in another namespace, name it: clusters.NAME.chaosMesh.namespace.",
  },
  {
    id: "node-architecture",
    title: "The injector's program runs on the targets' nodes",
    isAbout: isOf("IOChaos"),
    problems: async (look, faults) => {
      const nodes = await nodesOf(look, faults);
      const placement = look.cluster.placement(look.signal);
      const found = await Promise.all(
        nodes.map(async ({ pod, node }) => {
          if (node === null) return [`on which node ${pod} runs is unknown`];
          const architecture = (await placement.node(node))?.architecture;
          if (architecture === injectorArchitecture) return [];
          return [`${pod} is on ${node}, which is ${architecture ?? "of unknown architecture"}`];
        }),
      );
      return found.flat();
    },
    holds: `every target is on a node of ${injectorArchitecture}`,
    bound: `${injectorArchitecture} (the injector of IOChaos, toda, is built for no other)`,
    hint: () => "Move the pod to such a node: kubectl get nodes -L kubernetes.io/arch",
  },
  {
    id: "volume-mount",
    title: "The volume path is a mount of the target's container",
    isAbout: isOf("IOChaos"),
    problems: (look, faults) => perPod(look, faults, (pod, fault) => mountProblem(pod, fault.spec)),
    holds: "volumePath is a mountPath of every named container",
    bound: "equal to a volumeMounts[].mountPath of a container in spec.containers",
    hint: ({ plan }) =>
      `kubectl get pods -n ${plan.namespace} -o jsonpath='{range .items[*].spec.containers[*]}{.name}{"\\t"}{.volumeMounts[*].mountPath}{"\\n"}{end}'`,
  },
  {
    id: "host-network",
    title: "No target uses its node's network",
    isAbout: isOf("NetworkChaos"),
    problems: (look, faults) => perPod(look, faults, hostNetworkProblem),
    holds: "every target has a network of its own",
    bound:
      "no pod with hostNetwork: Chaos Mesh refuses it after the object is made, and the object then cannot be deleted",
    hint: () => "Choose other pods, or another kind of fault.",
  },
  {
    id: "one-io-fault",
    title: "Nothing else is injected into the targets' files",
    isAbout: isOf("IOChaos"),
    problems: async (look, faults) => {
      const found = await Promise.all(
        faults.flatMap(({ subject }) =>
          subject.map(async (pod) => {
            const ref = { kind: "PodIOChaos", name: pod, namespace: look.plan.namespace };
            const child = await look.cluster.getChaos(ref, look.signal);
            return foreignActions(child, look.runId).map((source) => `${pod} has the IOChaos ${source}`);
          }),
        ),
      );
      return found.flat();
    },
    holds: "no target has an IOChaos of others",
    bound: "one IOChaos a pod: a second one overwrites the volume and container of the first",
    hint: ({ plan }) => `When nobody needs it: kubectl delete iochaos NAME -n ${plan.namespace}`,
  },
];

/** All that the plan's faults call for, in this order; those that hold as well. */
export async function measureContract(look: Look): Promise<ContractResult[]> {
  const asked = guards
    .map((guard) => ({ guard, faults: look.plan.faults.filter((fault) => guard.isAbout(fault)) }))
    .filter(({ faults }) => faults.length > 0);
  return Promise.all(
    asked.map(async ({ guard, faults }): Promise<ContractResult> => {
      const problems = await problemsOf(guard, look, faults);
      const { id, title, holds, bound } = guard;
      const ok = problems.length === 0;
      return { id, title, ok, measured: ok ? holds : problems.join("; "), bound, hint: ok ? "" : guard.hint(look) };
    }),
  );
}

async function problemsOf(guard: ContractGuard, look: Look, faults: readonly PlannedFault[]): Promise<string[]> {
  try {
    return [...new Set(await guard.problems(look, faults))];
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    return [`unknown: ${error.message}`];
  }
}

function controllerProblems({ controllers, namespace }: ChaosMesh): string[] {
  if (controllers.some(({ ready }) => ready)) return [];
  return [
    controllers.length === 0
      ? `there is no Chaos Mesh controller in the namespace ${namespace}`
      : `no Chaos Mesh controller is ready (${controllers.map(({ name }) => name).join(", ")})`,
  ];
}

/** Why the daemon of a pod's node cannot do its work; null when it can. */
function daemonProblem({ daemons }: ChaosMesh, pod: string, node: string | null): string | null {
  if (node === null) return `on which node ${pod} runs is unknown`;
  const own = daemonOn(daemons, node);
  if (own === undefined) return `${node}, with ${pod}, has no chaos-daemon`;
  return own.ready ? null : `the chaos-daemon of ${node}, with ${pod}, is not ready (${own.name})`;
}

async function nodesOf(
  { cluster, plan, signal }: Look,
  faults: readonly PlannedFault[],
): Promise<Array<{ pod: string; node: string | null }>> {
  const names = [...new Set(faults.flatMap(({ subject, target }) => [...subject, ...target]))];
  if (names.length === 0) return [];
  const pods = await cluster.pods(plan.namespace, signal);
  return names.map((pod) => ({ pod, node: pods.find(({ name }) => name === pod)?.node ?? null }));
}

/** Reads each pod of the faults once, and asks what is wrong with it. */
async function perPod(
  { cluster, plan, signal }: Look,
  faults: readonly PlannedFault[],
  problem: (pod: KubernetesObject, fault: PlannedFault) => string | null,
): Promise<string[]> {
  const found = await Promise.all(
    faults.flatMap((fault) =>
      [...fault.subject, ...fault.target].map(async (name) => {
        const pod = await cluster.getPod(plan.namespace, name, signal);
        return pod === null ? `pod ${name} is gone` : problem(pod, fault);
      }),
    ),
  );
  return found.filter((text) => text !== null);
}
