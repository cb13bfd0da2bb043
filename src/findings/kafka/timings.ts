import type { History, Operation, TimelineEvent } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** What one producer met between the kill and its first acknowledged write of after it. */
export interface ProducerTrouble {
  client: string;
  /** From the first bad operation's planned time to the answer of the first good one after it; null: it never ended. */
  fromMs: number;
  toMs: number | null;
  /** What its operations ended with, most frequent first. */
  errors: Array<{ error: string; outcome: Operation["outcome"]; count: number; medianMs: number }>;
  /** The usual time from sending to the end of an operation that was not acknowledged. */
  medianMs: number;
}

/** How long one consumer saw nothing new. */
export interface ConsumerGap {
  client: string;
  gapMs: number;
  /** Fetches that were answered, with nothing new, in that time. */
  answered: number;
  failed: number;
}

/** What happened to the partitions, in milliseconds on the history's clock; null: not observed. */
export interface KafkaTimings {
  injectedMs: number | null;
  /** The broker that was killed. */
  killed: string | null;
  controllerBefore: string | null;
  /** Another controller became active after the kill. */
  controllerElectedMs: number | null;
  controllerAfter: string | null;
  /** First word of another leader of the killed broker's partition. */
  electedMs: number | null;
  newLeader: string | null;
  epochBefore: number | null;
  epochAfter: number | null;
  /** First acknowledged write on the new leader. */
  firstAckMs: number | null;
  /** The killed broker left the in-sync replicas: of its own partition, and of the one that it followed. */
  shrunkMs: number | null;
  otherShrunkMs: number | null;
  /** It answered again; in every partition it is in sync again. */
  backMs: number | null;
  isrBackMs: number | null;
  /** Leaders changed before anything was injected. */
  restless: TimelineEvent[];
  producers: ProducerTrouble[];
  consumers: ConsumerGap[];
}

const targetPartition = 0;

/** Reads the timings of a Kafka run off its history. */
export function readKafkaTimings(history: History): KafkaTimings {
  const { events } = history;
  const fault = events.find((event) => event.event === "fault-injected");
  const injectedMs = fault?.atMs ?? null;
  const killed = textOrNull(fault?.detail["pods"])?.split(" ")[0] ?? null;
  const until = injectedMs ?? Number.POSITIVE_INFINITY;
  const leaders = events.filter(
    (event) => event.event === "partition-leader" && event.detail["partition"] === targetPartition,
  );
  const before = leaders.findLast((event) => event.atMs <= until);
  const epochBefore = numberOrNull(before?.detail["epoch"]);
  const after = (event: TimelineEvent): boolean => event.atMs > until;
  const elected = leaders.find(
    (event) =>
      after(event) &&
      textOrNull(event.detail["leader"]) !== null &&
      (numberOrNull(event.detail["epoch"]) ?? 0) > (epochBefore ?? -1) &&
      event.detail["leader"] !== before?.detail["leader"],
  );
  const controllers = events.filter((event) => event.event === "controller");
  const controllerBefore = controllers.findLast((event) => event.atMs <= until);
  const controllerAfter = controllers.find(
    (event) => after(event) && event.detail["controller"] !== controllerBefore?.detail["controller"],
  );
  const newLeader = textOrNull(elected?.detail["leader"]);
  const isr = readIsr(events.filter(after), killed);
  return {
    injectedMs,
    killed,
    controllerBefore: textOrNull(controllerBefore?.detail["controller"]),
    controllerElectedMs: controllerAfter?.atMs ?? null,
    controllerAfter: textOrNull(controllerAfter?.detail["controller"]),
    electedMs: elected?.atMs ?? null,
    newLeader,
    epochBefore,
    epochAfter: numberOrNull(elected?.detail["epoch"]),
    firstAckMs: firstAck(history, newLeader, until),
    ...isr,
    backMs: backOf(events.filter(after), killed),
    restless: restlessLeaders(events, until),
    producers:
      injectedMs === null
        ? []
        : history.header.clients.flatMap((client) => troubleOf(history, client.id, client.kind, injectedMs)),
    consumers:
      injectedMs === null
        ? []
        : history.header.clients.filter(({ kind }) => kind === "read").map(({ id }) => gapOf(history, id, injectedMs)),
  };
}

function firstAck({ operations }: History, newLeader: string | null, afterMs: number): number | null {
  if (newLeader === null) return null;
  const acks = operations.filter(
    (op) => op.client === "producer" && op.outcome === "ok" && op.member === newLeader && op.endMs > afterMs,
  );
  return acks.reduce<number | null>((first, op) => Math.min(first ?? op.endMs, op.endMs), null);
}

/** When the killed broker left the in-sync replicas, and when it was in all of them again; by the survivors' word. */
function readIsr(
  events: readonly TimelineEvent[],
  killed: string | null,
): Pick<KafkaTimings, "shrunkMs" | "otherShrunkMs" | "isrBackMs"> {
  const isr = events.filter((event) => event.event === "isr" && event.source !== killed);
  const inSync = (event: TimelineEvent): boolean =>
    killed !== null && String(event.detail["inSync"]).split(" ").includes(killed);
  const shrunk = (partition: number): TimelineEvent | undefined =>
    isr.find((event) => event.detail["partition"] === partition && !inSync(event));
  const own = shrunk(targetPartition);
  const other = shrunk(1);
  const returns = [own, other].flatMap((left) =>
    left === undefined
      ? []
      : [
          isr.find(
            (event) =>
              event.detail["partition"] === left.detail["partition"] && event.atMs > left.atMs && inSync(event),
          ),
        ],
  );
  const back = returns.map((event) => event?.atMs ?? null);
  return {
    shrunkMs: own?.atMs ?? null,
    otherShrunkMs: other?.atMs ?? null,
    isrBackMs: back.length === 0 || back.includes(null) ? null : Math.max(...back.map((ms) => ms ?? 0)),
  };
}

function backOf(events: readonly TimelineEvent[], killed: string | null): number | null {
  const gone = events.find((event) => event.event === "unreachable" && event.source === killed);
  if (gone === undefined) return null;
  return (
    events.find((event) => event.event === "reachable" && event.source === killed && event.atMs > gone.atMs)?.atMs ??
    null
  );
}

/** The second and later leaders of a partition that one broker told of before the fault. */
function restlessLeaders(events: readonly TimelineEvent[], untilMs: number): TimelineEvent[] {
  const first = new Map<string, TimelineEvent>();
  return events.filter((event) => {
    if (event.event !== "partition-leader" || event.atMs > untilMs) return false;
    const key = String(event.detail["partition"]);
    const known = first.get(key);
    if (known === undefined) first.set(key, event);
    return known !== undefined && known.detail["epoch"] !== event.detail["epoch"];
  });
}

function troubleOf(history: History, client: string, kind: Operation["kind"], injectedMs: number): ProducerTrouble[] {
  if (kind !== "write") return [];
  const own = history.operations
    .filter((op) => op.client === client && op.endMs > injectedMs)
    .toSorted((a, b) => a.plannedMs - b.plannedMs);
  const at = own.findIndex((op) => op.outcome !== "ok");
  const first = own[at];
  if (first === undefined) return [];
  const good = own.slice(at).findIndex((op, index, rest) => op.outcome === "ok" && rest[index + 1]?.outcome === "ok");
  const bad = (good === -1 ? own.slice(at) : own.slice(at, at + good)).filter((op) => op.outcome !== "ok");
  const names = [...new Set(bad.map((op) => op.error ?? "unknown"))];
  const errors = names.map((error) => {
    const mine = bad.filter((op) => (op.error ?? "unknown") === error);
    const outcome = mine[0]?.outcome ?? "unknown";
    return { error, outcome, count: mine.length, medianMs: medianMs(mine) };
  });
  return [
    {
      client,
      fromMs: first.plannedMs,
      toMs: good === -1 ? null : (own[at + good]?.endMs ?? null),
      errors: errors.toSorted((a, b) => b.count - a.count),
      medianMs: medianMs(bad),
    },
  ];
}

function medianMs(operations: readonly Operation[]): number {
  const took = operations.map((op) => op.endMs - op.startMs).toSorted((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? 0;
}

/** The longest time after the kill in which the highest number that the consumer had seen did not rise. */
function gapOf(history: History, client: string, injectedMs: number): ConsumerGap {
  const own = history.operations.filter((op) => op.client === client).toSorted((a, b) => a.endMs - b.endMs);
  let seen = 0;
  let rose: number | null = null;
  let longest = { fromMs: injectedMs, toMs: injectedMs };
  for (const op of own) {
    if (op.outcome !== "ok" || (op.seen ?? 0) <= seen) continue;
    seen = op.seen ?? 0;
    if (rose !== null && op.endMs > injectedMs && op.endMs - rose > longest.toMs - longest.fromMs) {
      longest = { fromMs: rose, toMs: op.endMs };
    }
    rose = op.endMs;
  }
  const within = own.filter((op) => op.startMs >= longest.fromMs && op.endMs < longest.toMs);
  return {
    client,
    gapMs: longest.toMs - longest.fromMs,
    answered: within.filter((op) => op.outcome === "ok").length,
    failed: within.filter((op) => op.outcome !== "ok").length,
  };
}
