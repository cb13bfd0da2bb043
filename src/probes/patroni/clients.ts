import type pg from "pg";
import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { ProbeClient } from "../run-clients.ts";
import type { Schedule } from "../schedule.ts";
import { createTally } from "../tally.ts";
import { openEndpoint, withTimeout, type Endpoint } from "./endpoint.ts";
import type { Managed } from "./manager.ts";
import { onlyPrimary, viewPatroni, type PatroniPods } from "./members.ts";
import { classifyPostgresError } from "./outcome.ts";

const askTimeoutMs = 300;
/** The warning of a commit that gave up waiting for its synchronous replica: acknowledged, and not replicated. */
const notReplicated = /synchronous replication/i;

/** The table of a run; its name is safe in SQL because run ids are letters, digits and dashes. */
export const tableOf = (runId: string): string => `aftershock_probe_${runId.replaceAll(/[^a-z0-9]/g, "_")}`;

/** Two that write: where the primary is said to be, and where it was; one that reads from a replica. */
export function patroniClients(ratePerSecond: number, timeoutMs: number, manager: Managed["name"]): ClientInfo[] {
  const common = { ratePerSecond, timeoutMs };
  const asks =
    manager === "patroni" ? "Asks Patroni who is primary, checks it" : "Asks each server whether it is primary";
  return [
    { id: "follower", kind: "write", title: `${asks}, reconnects`, ...common },
    { id: "pinned", kind: "write", title: "Keeps to the member that was primary at the start", ...common },
    {
      id: "replica-reads",
      kind: "read",
      reads: "follower",
      title: "Reads from a replica; tries the next one",
      ...common,
    },
  ];
}

export interface PatroniClient extends ProbeClient {
  info: ClientInfo;
  endpoint: Endpoint;
}

export function patroniClient(options: {
  info: ClientInfo;
  members: PatroniPods;
  firstPrimary: string;
  recorder: Recorder;
  runId: string;
}): PatroniClient {
  const { info, members, firstPrimary, recorder, runId } = options;
  const tally = createTally(info.id, info.kind);
  const replicas = members.pods.map((pod) => pod.name).filter((name) => name !== firstPrimary);
  let turn = 0;
  const endpoint = openEndpoint({
    members,
    timeoutMs: info.timeoutMs,
    applicationName: `aftershock ${runId} ${info.id}`,
    choose: async () => {
      if (info.id === "pinned") return firstPrimary;
      if (info.kind === "read") return replicas[turn++ % replicas.length] ?? null;
      return onlyPrimary(await viewPatroni(members, askTimeoutMs));
    },
    accepts: (inRecovery) => info.id !== "follower" || !inRecovery,
    onMember: (pod) =>
      recorder.event({ atMs: recorder.now(), source: info.id, event: "client-master", detail: { member: pod } }),
  });
  const table = tableOf(runId);
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, member: endpoint.member() }) as const;
  // PostgreSQL answers in the order of asking, so a notice is about the oldest query under way on its connection.
  const underWay = new WeakMap<pg.Client, Array<{ warned: boolean }>>();
  const listen = (client: pg.Client): Array<{ warned: boolean }> => {
    const known = underWay.get(client);
    if (known !== undefined) return known;
    const queries: Array<{ warned: boolean }> = [];
    underWay.set(client, queries);
    client.on("notice", ({ message }) => {
      if (queries[0] !== undefined) queries[0].warned ||= notReplicated.test(message ?? "");
    });
    return queries;
  };
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const startMs = recorder.now();
    const client = endpoint.client();
    if (client === null) {
      return book({ ...operation, startMs, endMs: startMs, outcome: "fail", error: endpoint.problem() });
    }
    const query = { warned: false };
    const queries = listen(client);
    queries.push(query);
    try {
      if (info.kind === "write") {
        const text = `insert into ${table} (client, seq) values ($1, $2)`;
        await withTimeout(client.query(text, [info.id, operation.seq]), info.timeoutMs);
        if (query.warned) throw new Error("not-replicated");
        book({ ...operation, startMs, endMs: recorder.now(), outcome: "ok" });
      } else {
        const text = `select coalesce(max(seq), 0)::int as seen from ${table} where client = $1`;
        const answer = await withTimeout(client.query<{ seen: number }>(text, [info.reads]), info.timeoutMs);
        book({ ...operation, startMs, endMs: recorder.now(), outcome: "ok", seen: answer.rows[0]?.seen ?? 0 });
      }
    } catch (error) {
      const judged = classifyPostgresError(error);
      const outcome = info.kind === "read" ? "fail" : judged.outcome;
      book({ ...operation, startMs, endMs: recorder.now(), outcome, error: judged.error });
      // An overdue answer, or a primary that is none any more: as a careful application, begin anew.
      if (
        client === endpoint.client() &&
        (judged.error === "timeout" || (judged.error === "read-only" && info.id === "follower"))
      ) {
        endpoint.drop(judged.error);
      }
    } finally {
      queries.splice(queries.indexOf(query), 1);
    }
  };
  const begin = (): Schedule => startClientSchedule({ info, now: recorder.now, send, book, member: endpoint.member });
  const member = (): string | null => (endpoint.connected() ? endpoint.member() : null);
  return { info, endpoint, tally, member, begin, close: endpoint.close };
}
