import type { History, Operation, TimelineEvent } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** What one producer met after the kill. */
export interface ProducerTrouble {
  client: string;
  /** The longest time after the kill without an acknowledgement; null: none came any more. */
  ackGapMs: number | null;
  /** What its operations in that time ended with, other than acknowledged; most frequent first. */
  errors: Array<{ error: string; outcome: Operation["outcome"]; count: number; medianMs: number }>;
  /** The usual time from sending to the end of those; null when all were acknowledged, late. */
  medianMs: number | null;
}

/** How long one consumer saw nothing new. */
export interface ConsumerGap {
  client: string;
  /** Null: nothing new came any more. */
  gapMs: number | null;
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
  const clients = (kind: Operation["kind"]): string[] =>
    history.header.clients.filter((client) => client.kind === kind).map(({ id }) => id);
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
    producers: injectedMs === null ? [] : clients("write").map((client) => troubleOf(history, client, injectedMs)),
    consumers: injectedMs === null ? [] : clients("read").map((client) => gapOf(history, client, injectedMs)),
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

function troubleOf(history: History, client: string, injectedMs: number): ProducerTrouble {
  const own = history.operations.filter((op) => op.client === client);
  const ends = own.filter((op) => op.outcome === "ok").map((op) => op.endMs);
  const gap = longestGap(ends, injectedMs);
  const lastMs = own.reduce((latest, op) => Math.max(latest, op.endMs), 0);
  const toMs = gap?.toMs ?? lastMs;
  const bad = own.filter((op) => op.outcome !== "ok" && op.endMs >= injectedMs && op.startMs <= toMs);
  const names = [...new Set(bad.map((op) => op.error ?? "unknown"))];
  const errors = names.map((error) => {
    const mine = bad.filter((op) => (op.error ?? "unknown") === error);
    const outcome = mine[0]?.outcome ?? "unknown";
    return { error, outcome, count: mine.length, medianMs: medianMs(mine) ?? 0 };
  });
  return {
    client,
    ackGapMs: gap === null ? null : gap.toMs - gap.fromMs,
    errors: errors.toSorted((a, b) => b.count - a.count),
    medianMs: medianMs(bad),
  };
}

/** The longest time between two moments in a row of which the later is after `sinceMs`; null when none is. */
function longestGap(moments: readonly number[], sinceMs: number): { fromMs: number; toMs: number } | null {
  let before: number | null = null;
  let longest: { fromMs: number; toMs: number } | null = null;
  for (const atMs of moments.toSorted((a, b) => a - b)) {
    const fromMs: number = before ?? sinceMs;
    if (atMs > sinceMs && (longest === null || atMs - fromMs > longest.toMs - longest.fromMs)) {
      longest = { fromMs, toMs: atMs };
    }
    before = atMs;
  }
  return longest;
}

function medianMs(operations: readonly Operation[]): number | null {
  const took = operations.map((op) => op.endMs - op.startMs).toSorted((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? null;
}

/** The longest time after the kill in which the highest number that the consumer had seen did not rise. */
function gapOf(history: History, client: string, injectedMs: number): ConsumerGap {
  const own = history.operations.filter((op) => op.client === client).toSorted((a, b) => a.endMs - b.endMs);
  let seen = 0;
  const rises: number[] = [];
  for (const op of own) {
    if (op.outcome !== "ok" || (op.seen ?? 0) <= seen) continue;
    seen = op.seen ?? 0;
    rises.push(op.endMs);
  }
  const gap = longestGap(rises, injectedMs);
  const fromMs = gap?.fromMs ?? rises.at(-1) ?? injectedMs;
  const toMs = gap?.toMs ?? Number.POSITIVE_INFINITY;
  const within = own.filter((op) => op.startMs >= fromMs && op.endMs < toMs);
  return {
    client,
    gapMs: gap === null ? null : gap.toMs - gap.fromMs,
    answered: within.filter((op) => op.outcome === "ok").length,
    failed: within.filter((op) => op.outcome !== "ok").length,
  };
}
