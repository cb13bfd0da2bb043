import { chaosGroup, chaosKinds, pluralOf } from "../cluster/kinds.ts";
import { latchName } from "../run/halt/latch.ts";
import type { Account, RightFor } from "./right.ts";

/** Both look for the halt of a cluster once a second, and set and lift it. */
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
    ...(account === "worker"
      ? { onlyThen: { verbs: ["delete"], when: "the bot, which is told to resume, did not get to lift it" } }
      : {}),
  },
  {
    id: `${account}-halt-create`,
    account,
    where: "latch",
    apiGroup: "",
    resources: ["configmaps"],
    verbs: ["create"],
    why: "Sets the halt of this cluster; RBAC cannot tie the creation to a name.",
    ...(account === "worker"
      ? { onlyThen: { verbs: ["create"], when: "the bot, which is told to halt, did not get to set it" } }
      : {}),
  },
];

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
  ...halting("worker"),
];
