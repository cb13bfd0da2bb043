import type { ObjectStore } from "../objects.ts";
import { startPolling } from "./poll.ts";

const pollEveryMs = 500;
const timeoutMs = 400;

export interface PatroniAnswer {
  role: "master" | "replica";
  running: boolean;
  /** Replicas that stream from it; 0 on a replica. */
  replicas: number;
}

/** A member's own word (Patroni documentation, REST API, GET /patroni); null without an answer. */
export async function askPatroni(host: string): Promise<PatroniAnswer | null> {
  try {
    const answer = await fetch(`http://${host}:8008/patroni`, { signal: AbortSignal.timeout(timeoutMs) });
    const body = (await answer.json()) as { role?: string; state?: string; replication?: unknown };
    return {
      // "master" up to Patroni 3, "primary" from 4.
      role: body.role === "master" || body.role === "primary" ? "master" : "replica",
      running: body.state === "running" || body.state === "streaming",
      replicas: Array.isArray(body.replication) ? body.replication.length : 0,
    };
  } catch {
    return null;
  }
}

/** Keeps the label `role: master|replica` of the PostgreSQL pods true, as Patroni does on Kubernetes. */
export function startPatroniRoles(store: ObjectStore): { stop(): void } {
  const poll = async (): Promise<void> => {
    const pods = store.list("Pod", "database").filter((pod) => pod.metadata.labels?.["app"] === "postgresql");
    await Promise.all(
      pods.map(async (pod) => {
        const answer = await askPatroni(String(pod.status?.["podIP"] ?? ""));
        const key = { kind: "Pod", namespace: "database", name: pod.metadata.name };
        const now = store.get(key);
        if (now?.metadata.uid !== pod.metadata.uid) return;
        const role = answer?.running === true ? answer.role : undefined;
        if (now.metadata.labels?.["role"] === role) return;
        store.update(key, (copy) => {
          const { role: _before, ...labels } = copy.metadata.labels ?? {};
          copy.metadata.labels = role === undefined ? labels : { ...labels, role };
        });
      }),
    );
  };
  return startPolling(pollEveryMs, poll);
}
