/**
 * One thing that an account of Aftershock must be allowed, and why. A rule of Kubernetes' RBAC is made from each, so that
 * every rule has its reason (rbac.authorization.k8s.io/v1, PolicyRule).
 */
export interface Right {
  /** The same for the same right, e.g. `worker-cordon-nodes`. */
  id: string;
  account: Account;
  where: Where;
  /** With `secrets` and `lock`: where they are. */
  namespace?: string;
  /** `""` is the core group. */
  apiGroup: string;
  resources: readonly string[];
  /** Only objects of these names; left out: of any name. */
  resourceNames?: readonly string[];
  verbs: readonly Verb[];
  /** One sentence, for the person who is asked to grant it. */
  why: string;
  /** Verbs that a run in which all goes well may do without, with the reason why they are there all the same. */
  onlyThen?: { verbs: readonly Verb[]; when: string };
  /** Needed only where pods are reached through the API server: outside of the cluster, or by `reach: port-forward`. */
  outside?: true;
  /** The experiments that need it, by name; null: whichever are enabled. */
  experiments: readonly string[] | null;
}

/** The bot plans and halts; the worker injects and heals. Each has a service account of its own. */
export const accounts = ["bot", "worker"] as const;
export type Account = (typeof accounts)[number];

/**
 * `targets`: in the namespaces in which runs may be. `cluster`: what has no namespace, or must be seen in all of them.
 * `latch`: in the namespace of the halt's ConfigMap. `injector`: in that of Chaos Mesh's own pods. `secrets` and
 * `lock`: in the namespace that the right names, never in all.
 */
export type Where = "targets" | "cluster" | "latch" | "injector" | OfTargets;

/** What a configured target names: its Secrets, and the object in which its system keeps its leader lock. */
export const ofTargets = ["secrets", "lock"] as const;
export type OfTargets = (typeof ofTargets)[number];

export function isOfTargets(where: Where): where is OfTargets {
  return ofTargets.some((one) => one === where);
}

export type Verb = "get" | "list" | "create" | "delete" | "patch";

/** A right before it is known which experiments of a catalogue need it. */
export type RightFor = Omit<Right, "experiments"> & {
  /** Systems and kinds of faults that need it; both left out: every experiment. */
  systems?: readonly string[];
  kinds?: readonly string[];
};
