import { wholeNumber } from "../figure.ts";
import { foldNumbers } from "../fold.ts";
import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import { base64, fromBase64, prefixEnd, type Json, withHeader } from "./http.ts";
import { writePrefix } from "./clients.ts";
import { agreedLeader, viewMembers, type EtcdPods } from "./members.ts";

const timeoutMs = 10_000;
const levelDeadlineMs = 5000;

/**
 * Reads every write client's keys from every member's own store, when all have applied the same index, and each
 * member's hash of its whole store (`member-hash` on the timeline).
 */
export async function readEtcd(
  members: EtcdPods,
  runId: string,
  writers: readonly string[],
  recorder: Recorder,
): Promise<FinalRead[]> {
  const end = recorder.now() + levelDeadlineMs;
  let views = await viewMembers(members, timeoutMs);
  while (new Set(views.map((view) => view.appliedIndex)).size > 1 && recorder.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    views = await viewMembers(members, timeoutMs);
  }
  const leader = agreedLeader(views);
  await Promise.all(members.pods.map(({ name }) => tellHash(members, name, recorder)));
  return Promise.all(
    members.pods.flatMap(({ name }) =>
      writers.map(async (client): Promise<FinalRead> => {
        const role = name === leader ? "leader" : "follower";
        const read = { type: "final-read", member: name, client, role, authoritative: name === leader } as const;
        try {
          const prefix = writePrefix(runId, client);
          const range = { key: base64(prefix), range_end: base64(prefixEnd(prefix)), keys_only: true };
          const body = { ...range, serializable: true };
          const answer = withHeader(await members.call(name, "kv/range", body, { timeoutMs }));
          const keys = Array.isArray(answer["kvs"]) ? (answer["kvs"] as Json[]) : [];
          const numbers = keys.map((entry) => wholeNumber(fromBase64(entry["key"]).slice(prefix.length)) ?? Number.NaN);
          return { ...read, atMs: recorder.now(), ranges: foldNumbers(numbers) };
        } catch (error) {
          const problem = error instanceof Error ? error.message : String(error);
          return { ...read, atMs: recorder.now(), ranges: [], error: problem };
        }
      }),
    ),
  );
}

/** Null for whom only root may ask, where etcd has authentication on. */
async function tellHash(members: EtcdPods, member: string, recorder: Recorder): Promise<void> {
  const answer = await members.call(member, "maintenance/hash", {}, { timeoutMs }).catch(() => null);
  const hash = wholeNumber(answer?.["hash"]);
  recorder.event({ atMs: recorder.now(), source: member, event: "member-hash", detail: { hash } });
}
