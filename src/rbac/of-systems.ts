import { execFrom135 } from "./of-faults.ts";
import type { Account, RightFor } from "./right.ts";

const targets = { where: "targets", apiGroup: "" } as const;
const rabbit = { ...targets, systems: ["rabbitmq"] };
const rescheduled = { systems: ["postgres-reschedule"] } as const;

/** RabbitMQ says who leads by its own programs only. */
const ofRabbitmq = (account: Account): RightFor[] => [
  {
    ...rabbit,
    account,
    id: `${account}-rabbitmq-exec`,
    resources: ["pods/exec"],
    verbs: ["get", "create"],
    why: "Asks RabbitMQ's own programs who leads its queues, and proves that its nodes talk.",
    onlyThen: { verbs: ["create"], when: execFrom135() },
  },
  {
    ...rabbit,
    account,
    id: `${account}-rabbitmq-pod`,
    resources: ["pods"],
    verbs: ["get"],
    why: "Reads in which container of a pod RabbitMQ's programs are run.",
  },
];

/** What probing each system needs beside the pods' addresses. */
export const rightsOfSystems: readonly RightFor[] = [
  ...ofRabbitmq("bot"),
  ...ofRabbitmq("worker"),
  {
    ...targets,
    account: "worker",
    id: "worker-postgres-exec",
    systems: ["postgres-io", "postgres-backup", "postgres-backup-check"],
    resources: ["pods/exec"],
    verbs: ["get", "create"],
    why: "Runs PostgreSQL's own checks and programs in the pods, and reads backups that lie in one.",
    onlyThen: { verbs: ["create"], when: execFrom135() },
  },
  ...(["bot", "worker"] as const).map((account): RightFor => ({
    ...targets,
    ...rescheduled,
    account,
    id: `${account}-reschedule-pod`,
    resources: ["pods"],
    verbs: ["get"],
    why: "Reads on which node a pod is, and what it asks of one.",
  })),
  {
    ...targets,
    ...rescheduled,
    account: "worker",
    id: "worker-reschedule-claims",
    resources: ["persistentvolumeclaims"],
    verbs: ["get"],
    why: "Reads which volume a pod's claim is bound to.",
  },
  {
    ...rescheduled,
    account: "worker",
    where: "targets",
    id: "worker-reschedule-set",
    apiGroup: "apps",
    resources: ["statefulsets"],
    verbs: ["get"],
    why: "Reads how its StatefulSet brings a pod back, for the findings.",
  },
  {
    ...rescheduled,
    account: "worker",
    where: "targets",
    id: "worker-reschedule-budgets",
    apiGroup: "policy",
    resources: ["poddisruptionbudgets"],
    verbs: ["list"],
    why: "Reads which budgets cover the pod, for the findings.",
  },
  {
    ...rescheduled,
    account: "worker",
    where: "cluster",
    id: "worker-reschedule-volumes",
    apiGroup: "",
    resources: ["persistentvolumes"],
    verbs: ["get"],
    why: "Reads where a volume can be reached from: the guard that keeps a pod from being stranded. Volumes have no namespace.",
  },
  {
    ...rescheduled,
    account: "worker",
    where: "cluster",
    id: "worker-reschedule-attachments",
    apiGroup: "storage.k8s.io",
    resources: ["volumeattachments"],
    verbs: ["list"],
    why: "Watches when a volume leaves one node and reaches the other. Attachments have no namespace.",
  },
  {
    ...rescheduled,
    account: "worker",
    where: "cluster",
    id: "worker-reschedule-room",
    apiGroup: "",
    resources: ["pods"],
    verbs: ["list"],
    why: "Adds up what all pods of a node ask for, to know where there is room for one more.",
  },
];
