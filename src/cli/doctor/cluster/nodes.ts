import type { ChaosMesh } from "../../../cluster/port.ts";
import { messageOf } from "../../../errors.ts";
import { injectorArchitecture } from "../../../run/chaos-mesh-guards.ts";
import { counted } from "../../../findings/words.ts";
import { faultKindOf } from "../../../run/faults/table.ts";
import { isForbidden } from "../../../cluster/survey.ts";
import type { ClusterCheck, TargetPods } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { asAccountOf } from "./other-account.ts";
import { notSeen } from "./chaos-mesh.ts";
import { targetNamespaces, kindsOf } from "./kinds-of.ts";

/** The namespaces in which targets are looked for, and whether any pod is there. */
export const targets: ClusterCheck = async (asked, { pods }) => {
  const learnt = await pods();
  return learnt.ok ? learnt.value.map(judgeTargets) : [notSeen(learnt, "The target namespaces' pods", asked)];
};

/** Pure. */
export function judgeTargets({ namespace, pods }: TargetPods): Line {
  const nodes = nodesOf([{ namespace, pods }]);
  return pods.length === 0
    ? warning(
        `No pod runs in namespace ${namespace}: an experiment finds no target there.`,
        `kubectl get pods -n ${namespace}`,
      )
    : well(`${counted(pods.length, "pod")} in namespace ${namespace}, on ${counted(nodes.length, "node")}`);
}

const nodesOf = (places: readonly TargetPods[]): string[] =>
  [...new Set(places.flatMap(({ pods }) => pods.map(({ node }) => node)))].toSorted();

/** A daemon that can inject and heal on every node of the targets. */
export const daemons: ClusterCheck = async ({ experiments }, { pods, chaosMesh }) => {
  if (![...kindsOf(experiments)].some((kind) => faultKindOf(kind).injectedBy === "daemon")) return [];
  const [places, mesh] = await Promise.all([pods(), chaosMesh()]);
  // Said where it was asked first.
  if (!places.ok || !mesh.ok) return [];
  return judgeDaemons(nodesOf(places.value), mesh.value);
};

/** Pure. */
export function judgeDaemons(nodes: readonly string[], { daemons: found, namespace }: ChaosMesh): Line[] {
  if (nodes.length === 0) return [];
  const ready = new Set(found.flatMap((daemon) => (daemon.ready ? [daemon.node] : [])));
  const there = new Set(found.map(({ node }) => node));
  const none = nodes.filter((node) => !there.has(node));
  const unready = nodes.filter((node) => there.has(node) && !ready.has(node));
  if (none.length + unready.length === 0) {
    return [well(`A daemon of Chaos Mesh is ready on every node of the targets: ${nodes.join(", ")}`)];
  }
  const without = "no network or disk fault works for the pods there";
  const look = `kubectl get pods -n ${namespace} -o wide -l app.kubernetes.io/component=chaos-daemon`;
  return [
    ...(none.length === 0
      ? []
      : [
          wrong(
            `No daemon of Chaos Mesh is on ${none.join(", ")}: ${without}.`,
            `${look}\nA taint may keep it away: kubectl describe node ${none[0] ?? ""}`,
          ),
        ]),
    ...(unready.length === 0
      ? []
      : [wrong(`The daemon of Chaos Mesh is not ready on ${unready.join(", ")}: ${without}.`, look)]),
  ];
}

/** IOChaos' injector is a program for one architecture. */
export const architecture: ClusterCheck = async (asked, { pods, settings }, survey) => {
  const onDisks = asked.experiments.filter((experiment) => kindsOf([experiment]).has("IOChaos"));
  if (onDisks.length === 0) return [];
  const learnt = await pods();
  if (!learnt.ok) return [];
  const wanted = targetNamespaces(settings, onDisks);
  const nodes = nodesOf(learnt.value.filter(({ namespace }) => wanted.includes(namespace)));
  const found = await Promise.all(
    nodes.map(async (name): Promise<readonly [string, NodeSeen]> => {
      try {
        return [name, { architecture: (await survey.node(name))?.architecture ?? null }];
      } catch (error) {
        return [name, isForbidden(error) ? "forbidden" : { why: messageOf(error) }];
      }
    }),
  );
  return judgeArchitecture(found, asAccountOf("worker", asked));
};

export type NodeSeen = { architecture: string | null } | { why: string } | "forbidden";

/** `worker`: how the worker's account is asked. Pure. */
export function judgeArchitecture(nodes: ReadonlyArray<readonly [string, NodeSeen]>, worker: string): Line[] {
  if (nodes.length === 0) return [];
  if (nodes.every(([, seen]) => seen === "forbidden")) {
    return [unknown("Architecture of the targets' nodes: this account may not read nodes.", worker)];
  }
  const other = nodes.filter(
    ([, seen]) => typeof seen === "object" && "architecture" in seen && seen.architecture !== injectorArchitecture,
  );
  const lost = nodes.filter(([, seen]) => seen === "forbidden" || "why" in seen);
  const fit = nodes.length - other.length - lost.length;
  const list = other.map(([name, seen]) => `${name} (${architectureOf(seen)})`).join(", ");
  const mend = `Move the targets' pods to nodes of ${injectorArchitecture}: kubectl get nodes -L kubernetes.io/arch`;
  return [
    ...(other.length + lost.length === 0
      ? [
          well(
            `Every node that disk faults may hit is ${injectorArchitecture}: ${nodes.map(([name]) => name).join(", ")}`,
          ),
        ]
      : []),
    ...(other.length === 0
      ? []
      : [
          fit === 0
            ? wrong(`IOChaos works on ${injectorArchitecture} only, and no node of its targets is that: ${list}.`, mend)
            : warning(`IOChaos works on ${injectorArchitecture} only; it is refused for pods on ${list}.`, mend),
        ]),
    ...(lost.length === 0
      ? []
      : [unknown(`Architecture not seen of ${lost.map(([name]) => name).join(", ")}.`, worker)]),
  ];
}

function architectureOf(seen: NodeSeen): string {
  return typeof seen === "object" && "architecture" in seen ? (seen.architecture ?? "unknown") : "unknown";
}
