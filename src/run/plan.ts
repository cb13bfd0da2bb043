import { createHash } from "node:crypto";

import type { WatchPlan } from "../experiment/resolve-watch.ts";
import type { ParameterValue } from "../experiment/schema.ts";

export type { ParameterValue };

/**
 * What exactly would be done: the thing that is approved. Targets are resolved to pods; the digest covers everything
 * but the moment of resolution.
 */
export interface Plan {
  experiment: string;
  title: string;
  hypothesis: string;
  system: string;
  cluster: string;
  namespace: string;
  /** `cluster/namespace/system`; one active run per key. */
  targetKey: string;
  risk: "low" | "medium" | "high";
  parameters: Readonly<Record<string, ParameterValue>>;
  /** The system in one line at planning time: `master redis-0, replicas redis-1 redis-2, …`. */
  topology: string;
  guards: ReadonlyArray<{ id: string; title: string; bounds: Readonly<Record<string, number>> }>;
  faults: readonly PlannedFault[];
  /** What each probe client does, for the approver. */
  probes: readonly string[];
  phases: { baselineMs: number; durationMs: number; recoveryMs: number };
  approvalsNeeded: number;
  /** Pods with a fault that lead (primary, master, leader) when it is planned; absent in plans from before it was noted. */
  primaries?: readonly string[];
  /** How probes reached the pods when it was planned: through the API server; absent: at the pods' own addresses. */
  wayIn?: "port-forward";
  /** What Prometheus and Alertmanager are asked while it runs; absent when nothing is. */
  watches?: readonly WatchPlan[];
}

export interface PlannedFault {
  id: string;
  title: string;
  kind: string;
  /** Group name to pod names: `{ master: ["redis-0"], … }`. */
  subject: readonly string[];
  target: readonly string[];
  durationMs: number;
  /** What the kind found out besides the pods, e.g. `{ node: "worker-3" }`; absent when there is nothing. */
  resolved?: Readonly<Record<string, string>>;
  /** The Kubernetes object as it will be created, but for its name and run labels. */
  spec: Readonly<Record<string, unknown>>;
}

/** SHA-256 of the canonical JSON of a plan, hex. Approval is bound to it. */
export function planDigest(plan: Plan): string {
  return createHash("sha256").update(canonicalJson(plan)).digest("hex");
}

/** JSON with object keys sorted at every level, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
