import { chaosGroup, chaosKinds, pluralOf } from "../cluster/kinds.ts";
import { latchName } from "../run/halt/latch.ts";
import type { Account, RightFor } from "./right.ts";

/** Both look for the halt of a cluster once a second, and are told of it; the quicker of the two sets and lifts it. */
const halting = (account: Account): RightFor[] => [
  {
    id: `${account}-halt`,
    account,
    where: "latch",
    apiGroup: "",
    resources: ["configmaps"],
    resourceNames: [latchName],
    verbs: ["get", "delete"],
    why: "Reads the halt of this cluster, and lifts it after /chaos resume.",
    onlyThen: { verbs: ["delete"], when: `the ${otherOf(account)} has not lifted it first` },
  },
  {
    id: `${account}-halt-create`,
    account,
    where: "latch",
    apiGroup: "",
    resources: ["configmaps"],
    verbs: ["create"],
    why: "Sets the halt of this cluster; RBAC cannot tie the creation to a name.",
    onlyThen: { verbs: ["create"], when: `the ${otherOf(account)} has not set it first` },
  },
];

const otherOf = (account: Account): Account => (account === "bot" ? "worker" : "bot");

/** From outside of the cluster pods are reached through the API server. */
const forwarding = (account: Account): RightFor[] => {
  const common = { account, where: "targets", apiGroup: "", outside: true } as const;
  const when = `the ${account} runs outside of the cluster and no pod's address answers it (clusters.NAME.reach)`;
  return [
    {
      ...common,
      id: `${account}-port-forward`,
      resources: ["pods/portforward"],
      verbs: ["get", "create"],
      why: "Reaches the system's ports through the API server; Kubernetes asks for get, and from 1.35 on for create as well.",
      onlyThen: { verbs: ["get", "create"], when },
    },
    {
      ...common,
      id: `${account}-port-forward-pod`,
      resources: ["pods"],
      verbs: ["get"],
      why: "Sees that a port-forward, which goes by the pod's name, is to the very pod that is meant.",
      onlyThen: { verbs: ["get"], when },
    },
  ];
};

/** What is needed whichever experiments are enabled. */
export const alwaysNeeded: readonly RightFor[] = [
  {
    id: "bot-pods",
    account: "bot",
    where: "targets",
    apiGroup: "",
    resources: ["pods"],
    verbs: ["list"],
    why: "Finds the pods of the system, so that the plan names whom a run would hit.",
  },
  ...forwarding("bot"),
  ...halting("bot"),
  {
    id: "worker-pods",
    account: "worker",
    where: "targets",
    apiGroup: "",
    resources: ["pods"],
    verbs: ["list"],
    why: "Finds the pods that a run is about, before it, during it and after it.",
  },
  {
    id: "worker-chaos-list",
    account: "worker",
    where: "targets",
    apiGroup: chaosGroup.group,
    resources: chaosKinds.map(pluralOf),
    verbs: ["list"],
    why: "Sees whose chaos is there before a run (two faults at once explain nothing), and what runs have left behind.",
  },
  ...forwarding("worker"),
  ...halting("worker"),
];
