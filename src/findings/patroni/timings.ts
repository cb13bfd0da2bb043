import type { History, TimelineEvent } from "../../probes/history.ts";
import { doubleAcceptance, type DoubleAcceptance } from "../double-acceptance.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** When things happened, in milliseconds on the history's clock; null: not observed. */
export interface PatroniTimings {
  injectedMs: number | null;
  removedMs: number | null;
  /** True when the fault was the primary's death. */
  killed: boolean;
  oldPrimary: string | null;
  newPrimary: string | null;
  /** The old primary's Patroni stops answering. */
  goneMs: number | null;
  /** A replica first says that it receives no WAL any more, and which one. */
  leaderLossSeenMs: number | null;
  leaderLossSeenBy: string | null;
  /** The lock is held by nobody. */
  lockExpiredMs: number | null;
  /** Somebody else takes it. */
  lockTakenMs: number | null;
  /** The new primary's own word that it is one. */
  promotedMs: number | null;
  /** After the fault is removed: the old primary holds the lock again, which another had taken. */
  lockBackMs: number | null;
  /** Until when the lock was watched. */
  watchedMs: number | null;
  firstNewWriteMs: number | null;
  /** The old primary's last acknowledged write before another was promoted, if it had one after the fault. */
  lastOldWriteMs: number | null;
  /** The old primary's own word that it is a primary no more. */
  demotedMs: number | null;
  backMs: number | null;
  /** It runs as a replica on the new timeline. */
  rejoinedMs: number | null;
  /** What it took to rejoin; null when its data directory could not be looked at. */
  rejoin: "rewound" | "copied" | "as-it-was" | null;
  /** The label that services select by is on the new primary, as the cluster's API says, looked at twice a second. */
  endpointMs: number | null;
  timelineBefore: number | null;
  timelineAfter: number | null;
  /** Bytes of WAL that the old primary was seen to have written beyond the fork; at least so many were thrown away. */
  bytesBeyondFork: number | null;
  overlap: DoubleAcceptance | null;
}

/** Reads the timings of a run against PostgreSQL with Patroni off its history. */
export function readPatroniTimings(history: History): PatroniTimings {
  const { events } = history;
  const fault = events.find((event) => event.event === "fault-injected");
  const injectedMs = fault?.atMs ?? null;
  const removedMs = events.find((event) => event.event === "fault-removed")?.atMs ?? null;
  const killed = fault?.detail["action"] === "pod-kill";
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const oldPrimary = textOrNull(fault?.detail["pods"])?.split(" ")[0] ?? null;
  const first = (match: (event: TimelineEvent) => boolean): TimelineEvent | undefined =>
    events.find((event) => event.atMs >= after && match(event));
  const role = (event: TimelineEvent, wanted: string): boolean =>
    event.event === "role" && event.detail["role"] === wanted;
  const up = (event: TimelineEvent): boolean =>
    event.detail["state"] === "running" || event.detail["state"] === "streaming";
  const promoted = first((event) => event.source !== oldPrimary && role(event, "primary") && up(event));
  const newPrimary = promoted?.source ?? null;
  const writes = history.operations.filter((op) => op.kind === "write" && op.outcome === "ok" && op.endMs >= after);
  const ends = (member: string | null, from: number): number[] =>
    writes.filter((op) => op.member === member && op.startMs >= from).map((op) => op.endMs);
  const least = (values: number[]): number | null => values.reduce<number | null>((a, b) => Math.min(a ?? b, b), null);
  const most = (values: number[]): number | null => values.reduce<number | null>((a, b) => Math.max(a ?? b, b), null);
  const gone = first((event) => event.source === oldPrimary && event.event === "unreachable");
  const loss = first(
    (event) => event.event === "wal-receiver" && event.source !== oldPrimary && event.detail["streaming"] === false,
  );
  const lock = (event: TimelineEvent): unknown => (event.event === "lock" ? event.detail["holder"] : undefined);
  const taken = first((event) => typeof lock(event) === "string" && lock(event) !== oldPrimary);
  const lockBack =
    taken === undefined || killed || removedMs === null
      ? undefined
      : first((event) => event.atMs > Math.max(taken.atMs, removedMs) && lock(event) === oldPrimary);
  const timelines = events.filter((event) => event.event === "role" && typeof event.detail["timeline"] === "number");
  const before = timelines.findLast((event) => event.atMs < after && event.source === oldPrimary);
  const timelineAfter = events
    .filter((event) => event.atMs >= after && event.event === "role" && event.source === newPrimary)
    .reduce<number | null>((latest, event) => numberOrNull(event.detail["timeline"]) ?? latest, null);
  const rejoined = first(
    (event) =>
      newPrimary !== null &&
      event.source === oldPrimary &&
      role(event, "replica") &&
      up(event) &&
      event.atMs >= (promoted?.atMs ?? 0) &&
      (numberOrNull(event.detail["timeline"]) === null || numberOrNull(event.detail["timeline"]) === timelineAfter),
  );
  return {
    injectedMs,
    removedMs,
    killed,
    oldPrimary,
    newPrimary,
    goneMs: gone?.atMs ?? null,
    leaderLossSeenMs: loss?.atMs ?? null,
    leaderLossSeenBy: loss?.source ?? null,
    lockExpiredMs: first((event) => lock(event) === null)?.atMs ?? null,
    lockTakenMs: taken?.atMs ?? null,
    promotedMs: promoted?.atMs ?? null,
    lockBackMs: lockBack?.atMs ?? null,
    watchedMs: history.phases.find(({ phase }) => phase === "final-reads")?.atMs ?? null,
    firstNewWriteMs: least(ends(newPrimary, after)),
    lastOldWriteMs: most(
      ends(oldPrimary, after).filter((endMs) => endMs < (lockBack?.atMs ?? Number.POSITIVE_INFINITY)),
    ),
    demotedMs:
      first(
        (event) =>
          event.source === oldPrimary && event.event === "role" && (event.detail["role"] !== "primary" || !up(event)),
      )?.atMs ?? null,
    backMs:
      gone === undefined
        ? null
        : (first((event) => event.source === oldPrimary && event.event === "reachable" && event.atMs > gone.atMs)
            ?.atMs ?? null),
    rejoinedMs: rejoined?.atMs ?? null,
    rejoin: injectedMs === null ? null : rejoinOf(events, oldPrimary, injectedMs),
    endpointMs: first((event) => event.event === "endpoint" && event.detail["pods"] === newPrimary)?.atMs ?? null,
    timelineBefore: numberOrNull(before?.detail["timeline"]),
    timelineAfter,
    bytesBeyondFork: beyondFork(history, oldPrimary, numberOrNull(before?.detail["timeline"]), promoted?.atMs ?? null),
    overlap: doubleAcceptance(history),
  };
}

/** A file that is younger than the fault was written by the rejoin. */
function rejoinOf(
  events: readonly TimelineEvent[],
  oldPrimary: string | null,
  injectedMs: number,
): PatroniTimings["rejoin"] {
  const look = events.findLast((event) => event.event === "data-directory" && event.source === oldPrimary);
  if (look === undefined) return null;
  const since = (name: string): boolean => {
    const ageMs = numberOrNull(look.detail[name]);
    return ageMs !== null && look.atMs - ageMs > injectedMs;
  };
  if (since("versionAgeMs")) return "copied";
  return since("labelAgeMs") ? "rewound" : "as-it-was";
}

/** Last position that the old primary told before another was promoted, less the fork of its timeline. */
function beyondFork(
  { events }: History,
  oldPrimary: string | null,
  timeline: number | null,
  promotedMs: number | null,
): number | null {
  const fork = events.findLast((event) => event.event === "timeline" && event.detail["timeline"] === timeline);
  const last = events.findLast(
    (event) =>
      event.event === "offset" &&
      event.source === oldPrimary &&
      event.detail["role"] === "primary" &&
      event.atMs < (promotedMs ?? Number.NEGATIVE_INFINITY),
  );
  const from = numberOrNull(fork?.detail["forkBytes"]);
  const to = numberOrNull(last?.detail["offset"]);
  return from === null || to === null ? null : Math.max(0, to - from);
}
