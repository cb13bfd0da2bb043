import type { History, Operation, TimelineEvent } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";

/** What happened to the quorum, in milliseconds on the history's clock; null: not observed. */
export interface EtcdTimings {
  injectedMs: number | null;
  /** When the cluster confirmed the fault; what was acknowledged after that was acknowledged without the members. */
  confirmedMs: number | null;
  removedMs: number | null;
  /** Pods that were taken down. */
  taken: string[];
  leaderBefore: string | null;
  termBefore: number | null;
  /** A member that still answers first says that it has no leader. */
  leaderlessMs: number | null;
  /** After removal: the first word of a leader. */
  electedMs: number | null;
  leaderAfter: string | null;
  termAfter: number | null;
  firstAckMs: number | null;
  /** Operations that were begun and answered while the members were down. */
  writesWithout: Operation[];
  quorumReadsWithout: Operation[];
  ownReadsWithout: Operation[];
  /** What the survivor said, in its own words, oldest first; only questions that were asked and answered in that time. */
  answers: TimelineEvent[];
  hashes: Array<{ member: string; hash: number | null }>;
}

/** Reads the timings of an etcd run off its history. */
export function readEtcdTimings(history: History): EtcdTimings {
  const { events, operations } = history;
  const fault = events.find((event) => event.event === "fault-injected");
  const injectedMs = fault?.atMs ?? null;
  const confirmedMs = fault === undefined ? null : fault.atMs + Number(fault.detail["confirmedAfterMs"] ?? 0);
  const removedMs = events.find((event) => event.event === "fault-removed")?.atMs ?? null;
  const taken = String(fault?.detail["pods"] ?? "")
    .split(" ")
    .filter((pod) => pod !== "");
  const leaders = events.filter((event) => event.event === "leader");
  const known = leaders.filter((event) => event.detail["leader"] !== null);
  const before = known.findLast((event) => event.atMs < (injectedMs ?? Number.POSITIVE_INFINITY));
  const afterRemoval = removedMs ?? Number.POSITIVE_INFINITY;
  const elected = known.find((event) => event.atMs >= afterRemoval);
  const last = known.findLast((event) => event.atMs >= afterRemoval);
  const acks = operations.filter((op) => op.kind === "write" && op.outcome === "ok" && op.endMs >= afterRemoval);
  const within = (client: string): Operation[] =>
    operations.filter(
      (op) =>
        op.client === client &&
        op.outcome === "ok" &&
        op.startMs >= (confirmedMs ?? Number.POSITIVE_INFINITY) &&
        op.endMs < (removedMs ?? Number.NEGATIVE_INFINITY),
    );
  return {
    injectedMs,
    confirmedMs,
    removedMs,
    taken,
    leaderBefore: textOrNull(before?.detail["leader"]),
    termBefore: numberOrNull(before?.detail["term"]),
    leaderlessMs:
      leaders.find(
        (event) =>
          event.detail["leader"] === null &&
          event.atMs >= (injectedMs ?? Number.POSITIVE_INFINITY) &&
          event.atMs < afterRemoval &&
          !taken.includes(event.source),
      )?.atMs ?? null,
    electedMs: elected?.atMs ?? null,
    leaderAfter: textOrNull(last?.detail["leader"]),
    termAfter: numberOrNull(last?.detail["term"]),
    firstAckMs: acks.reduce<number | null>((first, op) => Math.min(first ?? op.endMs, op.endMs), null),
    writesWithout: within("writer"),
    quorumReadsWithout: within("linearizable-reads"),
    ownReadsWithout: within("serializable-reads"),
    answers: events.filter((event) => event.event === "without-quorum" && event.atMs < afterRemoval),
    hashes: events
      .filter((event) => event.event === "member-hash")
      .map((event) => ({ member: event.source, hash: numberOrNull(event.detail["hash"]) })),
  };
}
