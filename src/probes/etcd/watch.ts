import type { Recorder } from "../recorder.ts";
import { base64 } from "./http.ts";
import { prefixOf } from "./clients.ts";
import { viewMembers, type EtcdPods, type EtcdView } from "./members.ts";

const everyMs = 250;
const timeoutMs = 400;
/** etcd gives a request up after 5 s plus two election timeouts (etcdserver, ReqTimeout): 7 s by default. */
const patientMs = 10_000;

type Tell = (event: Parameters<Recorder["event"]>[0]) => void;

/**
 * Looks at every member four times a second and tells what changed: who leads in which term, who answers. A member
 * without a leader is asked what it still does: `without-quorum`, with the answer in its own words.
 */
export function watchMembers(members: EtcdPods, runId: string, now: () => number, tell: Tell): { stop(): void } {
  const before = new Map<string, EtcdView>();
  const asking = new Set<string>();
  let busy = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      const views = await viewMembers(members, timeoutMs);
      if (stopped) return;
      const atMs = now();
      for (const view of views) {
        const known = before.get(view.pod);
        if (known !== undefined && known.reachable !== view.reachable) {
          tell({ atMs, source: view.pod, event: view.reachable ? "reachable" : "unreachable", detail: {} });
        }
        if (view.reachable && (known?.leader !== view.leader || known.term !== view.term || !known.reachable)) {
          tell({ atMs, source: view.pod, event: "leader", detail: { leader: view.leader, term: view.term } });
        }
        before.set(view.pod, view);
        if (view.reachable && view.leader === null) void ask(view.pod);
      }
    } finally {
      busy = false;
    }
  };
  const ask = async (pod: string): Promise<void> => {
    if (asking.has(pod)) return;
    asking.add(pod);
    const key = base64(`${prefixOf(runId)}without-quorum/${pod}`);
    const put = { key, value: base64("x") };
    const questions: Array<[operation: string, path: string, body: Record<string, unknown>, needsLeader: string]> = [
      ["put that requires a leader", "kv/put", put, "true"],
      ["put", "kv/put", put, "false"],
      ["linearizable read", "kv/range", { key }, "false"],
      ["serializable read", "kv/range", { key, serializable: true }, "false"],
    ];
    await Promise.all(
      questions.map(async ([operation, path, body, needsLeader]) => {
        const startedMs = now();
        const headers = needsLeader === "true" ? { "grpc-metadata-hasleader": "true" } : {};
        const answer = await members.call(pod, path, body, { timeoutMs: patientMs, headers }).then(
          () => "answered",
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        if (stopped) return;
        const tookMs = Math.round(now() - startedMs);
        const detail = { operation, answer, tookMs, startedMs: Math.round(startedMs) };
        tell({ atMs: now(), source: pod, event: "without-quorum", detail });
      }),
    );
    asking.delete(pod);
  };
  const timer = setInterval(() => void look(), everyMs);
  void look();
  return {
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}
