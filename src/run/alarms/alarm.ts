import type { StoredFault } from "../../store/faults.ts";
import { childKinds } from "../ladder/stuck.ts";

/**
 * The cleanup of a run was not proven. It is paged until somebody acknowledges it, and healed and looked at again until it
 * is proven clean. Only both together free the target: a proof without a person lets the same thing happen again unseen,
 * a person without a proof lets the next run measure what is left of the last.
 */
export interface Alarm {
  runId: string;
  cluster: string;
  targetKey: string;
  state: AlarmState;
  /** What was not proven, in sentences. */
  reasons: string[];
  raisedAt: string;
  acknowledgedBy: string | null;
  acknowledgedAt: string | null;
  resolvedAt: string | null;
  pages: number;
  /** What the last look found amiss; null before the first. */
  lastProblem: string | null;
}

/** `resolved` means proven clean. */
export type AlarmState = "raised" | "acknowledged" | "resolved";

/** Whom and where to page, and when again. */
export interface Paging {
  /** Milliseconds until the next page, one after the other; the last one again and again. */
  againAfterMs: readonly number[];
  /** The same for healing again and looking. */
  recheckAfterMs: readonly number[];
  /** Slack user groups that are mentioned. */
  groups: readonly string[];
  /** A channel besides the run's; null: none. */
  channelId: string | null;
}

const minuteMs = 60_000;

export const defaultPaging: Paging = {
  againAfterMs: [1, 2, 5, 10].map((minutes) => minutes * minuteMs),
  recheckAfterMs: [10_000, 30_000, minuteMs, 5 * minuteMs],
  groups: [],
  channelId: null,
};

/** The wait before the next time when it has been done `done` times, in milliseconds. Pure. */
export function waitMs(waits: readonly number[], done: number): number {
  return waits[Math.min(Math.max(0, done - 1), waits.length - 1)] ?? 10 * minuteMs;
}

/** True while it keeps its target. Pure. */
export function isOpen({ state, acknowledgedAt }: Pick<Alarm, "state" | "acknowledgedAt">): boolean {
  return state !== "resolved" || acknowledgedAt === null;
}

/** What is still to be done before the target is free, as somebody would be told it. Pure. */
export function wayOut(alarm: Pick<Alarm, "runId" | "state" | "acknowledgedAt">): string {
  const { runId, state, acknowledgedAt } = alarm;
  const acknowledge = acknowledgedAt === null ? [`acknowledge it: /chaos alarms ack ${runId}`] : [];
  const prove = state === "resolved" ? [] : [`have it healed and checked: /chaos alarms check ${runId}`];
  return [...acknowledge, ...prove].join(", and ");
}

/** What an open alarm means for its target, as a clause. Pure. */
export function unprovenText({ runId, state }: Pick<Alarm, "runId" | "state">): string {
  return state === "resolved"
    ? `The cleanup of ${runId} could not be proven at first, and nobody has acknowledged that`
    : `The cleanup of ${runId} is not proven`;
}

/** Pods that a restart would clear of what a run has left. Pure. */
export function podsOf(faults: readonly StoredFault[]): Array<{ namespace: string; pod: string }> {
  const pods = faults.flatMap(({ namespace, targets }) =>
    [...targets.subject, ...targets.target].map(({ pod }) => ({ namespace, pod })),
  );
  return pods.filter(({ pod }, at) => pods.findIndex((other) => other.pod === pod) === at);
}

/** The exact commands to look at what is left and to mend it. Pure. */
export function commandsFor(faults: readonly StoredFault[]): { look: string[]; mend: string[] } {
  const look = new Set<string>();
  const mend = new Set<string>(["aftershock heal"]);
  for (const { kind, namespace, name, manifest, targets } of faults) {
    const pods = [...targets.subject, ...targets.target].map(({ pod }) => pod);
    if (kind === "Cordon") {
      const node = String(manifest.spec?.["node"]);
      look.add(`kubectl get node ${node} -o yaml`);
      mend.add(`kubectl uncordon ${node}`);
    } else if (kind === "ScratchPostgres") {
      look.add(`kubectl describe pod ${name} -n ${namespace}`);
      mend.add(`kubectl delete pod ${name} -n ${namespace}`);
    } else if (kind !== "PodDelete") {
      look.add(`kubectl describe ${kind.toLowerCase()} ${name} -n ${namespace}`);
      mend.add(`kubectl delete ${kind.toLowerCase()} ${name} -n ${namespace}`);
    }
    const child = childKinds[kind];
    if (child !== undefined) look.add(`kubectl get ${child.toLowerCase()} ${pods.join(" ")} -n ${namespace} -o yaml`);
    if (pods.length > 0) {
      look.add(`kubectl get pod ${pods.join(" ")} -n ${namespace} -o wide`);
      if (child !== undefined) mend.add(`kubectl delete pod ${pods.join(" ")} -n ${namespace}`);
    }
  }
  return { look: [...look], mend: [...mend] };
}
