import { chaosGroup, chaosKinds, pluralOf } from "../cluster/kinds.ts";
import { childKinds } from "../run/ladder/stuck.ts";
import type { RightFor } from "./right.ts";

const ofChaosKinds = chaosKinds.flatMap((kind): RightFor[] => {
  const common = { account: "worker", where: "targets", apiGroup: chaosGroup.group, kinds: [kind] } as const;
  const child = childKinds[kind];
  return [
    {
      ...common,
      id: `worker-${pluralOf(kind)}`,
      resources: [pluralOf(kind)],
      verbs: ["create", "get", "delete", "patch"],
      why: `Injects ${kind}, watches it, and removes it; patch drops the finalizers of one that does not go.`,
      onlyThen: { verbs: ["patch"], when: "an object does not go when it is deleted: last step of the abort ladder" },
    },
    ...(child === undefined
      ? []
      : [
          {
            ...common,
            id: `worker-${pluralOf(child)}`,
            resources: [pluralOf(child)],
            verbs: ["get"],
            why: `Says why ${kind} does not go, and that no rule of it is left in a pod.`,
            // Before an IOChaos it is looked whether the pod has one of others.
            ...(kind === "IOChaos"
              ? {}
              : {
                  onlyThen: {
                    verbs: ["get"],
                    when: "an object does not go when it is deleted, or a cleanup was not proven",
                  },
                }),
          } satisfies RightFor,
        ]),
  ];
});

const worker = { account: "worker", where: "targets", apiGroup: "" } as const;
const restarts = "an object does not go, and an approver clicks Restart in the thread: step of the abort ladder";

/** What injecting, watching and healing each kind of fault needs. */
export const rightsOfFaults: readonly RightFor[] = [
  ...ofChaosKinds,
  {
    ...worker,
    where: "injector",
    id: "worker-chaos-mesh",
    kinds: chaosKinds,
    resources: ["pods"],
    verbs: ["list"],
    why: "Sees before a run whether Chaos Mesh's controller and daemons are ready, and watches the daemons during it.",
  },
  {
    ...worker,
    id: "worker-chaos-target",
    kinds: ["NetworkChaos", "IOChaos"],
    resources: ["pods"],
    verbs: ["get"],
    why: "Reads of a target what Chaos Mesh cannot do: a network that is its node's, a volume that is not mounted there.",
  },
  {
    id: "worker-node-architecture",
    account: "worker",
    where: "cluster",
    apiGroup: "",
    kinds: ["IOChaos"],
    resources: ["nodes"],
    verbs: ["get"],
    why: "Reads the architecture of a target's node: IOChaos works on one only. Nodes have no namespace.",
  },
  {
    ...worker,
    id: "worker-restart-pod",
    kinds: chaosKinds,
    resources: ["pods"],
    verbs: ["get", "delete"],
    why: "Restarts the target of a fault that does not go, when an approver asks for it.",
    onlyThen: { verbs: ["get", "delete"], when: restarts },
  },
  {
    ...worker,
    id: "worker-exec",
    kinds: ["NetworkChaos", "IOChaos", "ScratchPostgres"],
    resources: ["pods/exec"],
    verbs: ["get", "create"],
    why: "Proves in the data path, from inside the pods, that a fault is felt and that it is gone; restores into the run's own pod.",
    onlyThen: { verbs: ["create"], when: execFrom135() },
  },
  {
    ...worker,
    id: "worker-exec-pod",
    kinds: ["NetworkChaos"],
    resources: ["pods"],
    verbs: ["get"],
    why: "Reads in which container of a pod a command is run.",
  },
  {
    ...worker,
    id: "worker-pod-delete",
    kinds: ["PodDelete"],
    resources: ["pods"],
    verbs: ["get", "delete"],
    why: "Deletes the pod that was approved; get tells whether one of that name is still the same.",
    onlyThen: { verbs: ["get"], when: "the API server answers a deletion with a conflict" },
  },
  {
    ...worker,
    id: "worker-scratch-pod",
    kinds: ["ScratchPostgres"],
    resources: ["pods"],
    verbs: ["create", "get", "delete"],
    why: "Makes the pod into which a backup is restored, and removes it.",
  },
  {
    id: "worker-cordon",
    account: "worker",
    where: "cluster",
    apiGroup: "",
    kinds: ["Cordon"],
    resources: ["nodes"],
    verbs: ["get", "list", "patch"],
    why: "Cordons the pod's node and uncordons it; list finds cordons that runs have left. Nodes have no namespace.",
  },
];

/** Why a WebSocket's exec needs two verbs. */
export function execFrom135(): string {
  return "Kubernetes is 1.35 or newer: an exec over WebSocket is then a create, before it was a get";
}
