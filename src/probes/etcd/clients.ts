import { requireWholeNumber } from "../figure.ts";
import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { Schedule } from "../schedule.ts";
import { createTally, type Tally } from "../tally.ts";
import { base64, classifyEtcdError, EtcdRefusal, fromBase64, type Json, withHeader } from "./http.ts";
import type { EtcdPods } from "./members.ts";

export const prefixOf = (runId: string): string => `aftershock/${runId}/`;
export const writePrefix = (runId: string, client: string): string => `${prefixOf(runId)}${client}/`;
/** Holds the highest number written; what the readers read. */
export const lastKey = (runId: string, client: string): string => `${prefixOf(runId)}last/${client}`;
/** Numbers as text that sorts as they do. */
export const padded = (seq: number): string => String(seq).padStart(10, "0");

/** One that writes, two that read its last value: by quorum, and from whatever member answers. */
export function etcdClients(ratePerSecond: number, timeoutMs: number): ClientInfo[] {
  const common = { ratePerSecond, timeoutMs };
  const reads = { kind: "read", reads: "writer", ...common } as const;
  return [
    { id: "writer", kind: "write", title: "Puts new keys; after a failure it tries the next member", ...common },
    { id: "linearizable-reads", title: "Reads by quorum, etcd's default; tries the next member", ...reads },
    { id: "serializable-reads", title: "Reads what a member has itself; tries the next member", ...reads },
  ];
}

export interface EtcdClient {
  info: ClientInfo;
  tally: Tally;
  member(): string;
  begin(): Schedule;
}

/** A client that goes round the members: whoever fails it is left for the next one. */
export function etcdClient(options: {
  info: ClientInfo;
  members: EtcdPods;
  recorder: Recorder;
  runId: string;
}): EtcdClient {
  const { info, members, recorder, runId } = options;
  const tally = createTally(info.id, info.kind);
  const names = members.pods.map((pod) => pod.name);
  let at = 0;
  const member = (): string => names[at % names.length] ?? "";
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, member: member() }) as const;
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const triedAt = at;
    const startMs = recorder.now();
    const call: Call = (path, body) => members.call(operation.member, path, body, { timeoutMs: info.timeoutMs });
    try {
      const seen =
        info.kind === "write"
          ? await write(call, runId, info, operation.seq)
          : await read(call, runId, info, info.id.startsWith("serializable"));
      book({ ...operation, startMs, endMs: recorder.now(), outcome: "ok", ...(seen === null ? {} : { seen }) });
    } catch (error) {
      // Many operations may fail together; together they move one member on.
      if (at === triedAt) at += 1;
      const judged = classifyEtcdError(error);
      const outcome = info.kind === "read" ? "fail" : judged.outcome;
      book({ ...operation, startMs, endMs: recorder.now(), outcome, error: judged.error });
    }
  };
  const begin = (): Schedule => startClientSchedule({ info, now: recorder.now, send, book, member: member });
  return { info, tally, member, begin };
}

type Call = (path: string, body: Json) => Promise<Json>;

/**
 * One transaction: the new key, if it is not there (so that nothing is applied twice), and the register `last`, if it
 * is lower (so that transactions which overtake each other do not turn it back).
 */
async function write(call: Call, runId: string, { id }: ClientInfo, seq: number): Promise<null> {
  const key = base64(`${writePrefix(runId, id)}${padded(seq)}`);
  const last = base64(lastKey(runId, id));
  const value = base64(padded(seq));
  const raise = {
    compare: [{ key: last, target: "VALUE", result: "LESS", value }],
    success: [{ request_put: { key: last, value } }],
  };
  const answer = await call("kv/txn", {
    compare: [{ key, target: "CREATE", result: "EQUAL", create_revision: "0" }],
    success: [{ request_put: { key, value } }, { request_txn: raise }],
  });
  if (answer["succeeded"] !== true) throw new EtcdRefusal("the key was there already", 6);
  return null;
}

async function read(call: Call, runId: string, info: ClientInfo, serializable: boolean): Promise<number> {
  const key = base64(lastKey(runId, info.reads ?? ""));
  const answer = withHeader(await call("kv/range", { key, serializable }));
  const [first] = Array.isArray(answer["kvs"]) ? (answer["kvs"] as Json[]) : [];
  return first === undefined ? 0 : requireWholeNumber(fromBase64(first["value"]), "the newest key");
}
