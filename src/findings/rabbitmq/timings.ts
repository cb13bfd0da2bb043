import type { History, Operation, TimelineEvent } from "../../probes/history.ts";
import { textOrNull } from "../observed.ts";

export type QueueType = "quorum" | "classic";

/** How one write client fared, in milliseconds on the history's clock; null: not observed. */
export interface PublisherTimings {
  client: string;
  type: QueueType;
  /** Its connection broke after the kill. */
  lostMs: number | null;
  /** It had a connection again, and to whom. */
  connectedMs: number | null;
  connectedTo: string | null;
  /** Answer to the first message that was sent, after the connection broke or the node was gone, and confirmed. */
  firstConfirmMs: number | null;
  /** Longest time between two confirms that spans or follows the kill; null without a confirm after it. */
  longestGapMs: number | null;
  /** What its operations after the kill ended with, other than ok. */
  errors: ReadonlyMap<string, number>;
}

export interface ConsumerTimings {
  client: string;
  type: QueueType;
  lostMs: number | null;
  subscribedMs: number | null;
  firstDeliveryMs: number | null;
  /** Node through which the first delivery after the kill came. */
  member: string | null;
  /** What the other nodes answered when it wanted to subscribe; null when none refused it. */
  refusal: string | null;
  delivered: number | null;
  redelivered: number | null;
  repeated: number | null;
}

export interface RabbitTimings {
  injectedMs: number | null;
  killed: string | null;
  /** The idle connection to the killed node broke. */
  goneMs: number | null;
  /** The killed node took connections again. */
  backMs: number | null;
  /** Who led the quorum queues when the cluster was first asked and named another. */
  newLeader: string | null;
  publishers: PublisherTimings[];
  consumers: ConsumerTimings[];
  /** Nodes that held others to be cut off after the fault, e.g. `rabbitmq-0: rabbitmq-1 rabbitmq-2`. */
  partitions: string[];
}

export const typeOfClient = (client: string): QueueType => (client.startsWith("quorum") ? "quorum" : "classic");

/** Reads the timings of a RabbitMQ run off its history. */
export function readRabbitTimings(history: History): RabbitTimings {
  const { events, header } = history;
  const fault = events.find((event) => event.event === "fault-injected");
  const injectedMs = fault?.atMs ?? null;
  const killed = textOrNull(fault?.detail["pods"]);
  const after = events.filter((event) => injectedMs !== null && event.atMs >= injectedMs);
  const own = (client: string, event: string): TimelineEvent[] =>
    after.filter((entry) => entry.source === client && entry.event === event);
  const killedSaid = (event: string): TimelineEvent | undefined =>
    after.find((entry) => entry.source === killed && entry.event === event);
  const gone = killedSaid("unreachable");
  const moved = after.find(
    ({ event, detail }) =>
      event === "queue" && detail["type"] === "quorum" && detail["leader"] !== null && detail["leader"] !== killed,
  );
  const publisher = (client: string): PublisherTimings => {
    const operations = history.operations.filter((op) => op.client === client);
    const lost = own(client, "disconnected")[0];
    const connected = lost === undefined ? undefined : own(client, "connected").find(({ atMs }) => atMs >= lost.atMs);
    return {
      client,
      type: typeOfClient(client),
      lostMs: lost?.atMs ?? null,
      connectedMs: connected?.atMs ?? null,
      connectedTo: textOrNull(connected?.detail["member"]),
      ...confirms(operations, injectedMs, lost?.atMs ?? gone?.atMs ?? null),
    };
  };
  const consumer = (client: string): ConsumerTimings => {
    const lost = own(client, "unsubscribed")[0];
    const first = own(client, "first-delivery").find(({ atMs }) => lost !== undefined && atMs >= lost.atMs);
    const subscribed = own(client, "subscribed").findLast(({ atMs }) => first !== undefined && atMs <= first.atMs);
    const refused = own(client, "unsubscribed").find(({ detail }) => String(detail["reason"]).startsWith("NOT_FOUND"));
    const counts = events.findLast((entry) => entry.source === client && entry.event === "deliveries")?.detail ?? {};
    const count = (name: string): number | null => (typeof counts[name] === "number" ? counts[name] : null);
    return {
      client,
      type: typeOfClient(client),
      lostMs: lost?.atMs ?? null,
      subscribedMs: subscribed?.atMs ?? null,
      firstDeliveryMs: first?.atMs ?? null,
      member: textOrNull(first?.detail["member"]),
      refusal: textOrNull(refused?.detail["reason"]),
      delivered: count("delivered"),
      redelivered: count("redelivered"),
      repeated: count("repeated"),
    };
  };
  const clients = (kind: "write" | "read"): string[] =>
    header.clients.filter((client) => client.kind === kind).map(({ id }) => id);
  return {
    injectedMs,
    killed,
    goneMs: gone?.atMs ?? null,
    backMs:
      gone === undefined
        ? null
        : (after.find((entry) => entry.source === killed && entry.event === "reachable" && entry.atMs >= gone.atMs)
            ?.atMs ?? null),
    newLeader: textOrNull(moved?.detail["leader"]),
    publishers: clients("write").map(publisher),
    consumers: clients("read").map(consumer),
    partitions: [
      ...new Set(
        after
          .filter(({ event }) => event === "partition")
          .map(({ source, detail }) => `${source}: ${String(detail["from"])}`),
      ),
    ],
  };
}

function confirms(
  operations: readonly Operation[],
  injectedMs: number | null,
  missedMs: number | null,
): Pick<PublisherTimings, "firstConfirmMs" | "longestGapMs" | "errors"> {
  const errors = new Map<string, number>();
  if (injectedMs === null) return { firstConfirmMs: null, longestGapMs: null, errors };
  for (const { plannedMs, endMs, outcome, error } of operations) {
    // One that was under way at the kill belongs to it.
    if (outcome === "ok" || Math.max(plannedMs, endMs) < injectedMs) continue;
    const name = error ?? outcome;
    errors.set(name, (errors.get(name) ?? 0) + 1);
  }
  const confirmed = operations.filter((op) => op.outcome === "ok").toSorted((a, b) => a.endMs - b.endMs);
  // Between the order to kill and its effect there may be another confirm or two.
  const first = missedMs === null ? undefined : confirmed.find((op) => op.startMs >= missedMs);
  let longestGapMs: number | null = null;
  confirmed.forEach((op, at) => {
    const before = confirmed[at - 1];
    if (before === undefined || op.endMs < injectedMs) return;
    longestGapMs = Math.max(longestGapMs ?? 0, op.endMs - before.endMs);
  });
  return { firstConfirmMs: first?.endMs ?? null, longestGapMs, errors };
}
