import type { History, TimelineEvent } from "../../probes/history.ts";
import { numberOrNull, textOrNull } from "../observed.ts";
import { readPatroniTimings, type PatroniTimings } from "../patroni/timings.ts";

/** What an I/O fault did to the primary's server, in milliseconds on the history's clock; null: not observed. */
export interface IoTimings {
  patroni: PatroniTimings;
  /** The server's connection broke, and could not be made anew. */
  downMs: number | null;
  /** What it said then. */
  downError: string | null;
  /** How often that happened while the fault was there. */
  crashes: number;
  /** The last time that it came up after the fault was injected, if it had been down. */
  upMs: number | null;
  /** The old primary's own last word on its timeline. */
  timelineNow: number | null;
  /** The old primary runs, as either, after it had been down. */
  recoveredMs: number | null;
  recoveredAs: "primary" | "replica" | null;
  /** The fault was over before it was removed, because the container or the pod restarted. */
  endedByItselfMs: number | null;
  endedBecause: string | null;
  /** Answers to the cached read after the fault: the last one, while the server was still up. */
  lastCachedReadMs: number | null;
  /** When the first write after the fault was refused or failed. */
  firstFailedWriteMs: number | null;
}

export function readIoTimings(history: History): IoTimings {
  const patroni = readPatroniTimings(history);
  const { injectedMs, removedMs, oldPrimary } = patroni;
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const until = removedMs ?? Number.POSITIVE_INFINITY;
  const own = (event: TimelineEvent): boolean => event.source === oldPrimary && event.atMs >= after;
  const server = history.events.filter((event) => event.event === "server" && own(event));
  const downs = server.filter(({ detail }) => detail["up"] === false);
  const [down] = downs;
  const up = down === undefined ? undefined : server.findLast(({ detail }) => detail["up"] === true);
  const roles = history.events.filter((event) => event.event === "role" && own(event));
  const runs = ({ detail }: TimelineEvent): boolean => detail["state"] === "running" || detail["state"] === "streaming";
  const lastBad = roles.findLast((event) => !runs(event));
  // After a failover it returns as a replica; without one it is a replica only on its way to being promoted anew.
  const wanted = patroni.promotedMs === null ? "primary" : "replica";
  const recovered =
    down === undefined
      ? undefined
      : roles.find(
          (event) => runs(event) && event.detail["role"] === wanted && event.atMs > (lastBad?.atMs ?? down.atMs),
        );
  const ended = history.events.find((event) => event.event === "fault-ended");
  const samples = history.events.filter(
    (event) => event.event === "sample" && own(event) && event.detail["stage"] === "during",
  );
  const writes = history.operations.filter(
    (op) => op.kind === "write" && op.member === oldPrimary && op.outcome !== "ok" && op.endMs >= after,
  );
  return {
    patroni,
    downMs: down?.atMs ?? null,
    downError: textOrNull(down?.detail["error"]),
    crashes: downs.filter(({ atMs }) => atMs < until).length,
    upMs: up !== undefined && up.atMs > (down?.atMs ?? 0) ? up.atMs : null,
    timelineNow: roles.reduce<number | null>((last, { detail }) => numberOrNull(detail["timeline"]) ?? last, null),
    recoveredMs: recovered?.atMs ?? null,
    recoveredAs: recovered === undefined ? null : wanted,
    endedByItselfMs: ended?.atMs ?? null,
    endedBecause: textOrNull(ended?.detail["what"]),
    lastCachedReadMs:
      samples.findLast(
        ({ detail, atMs }) => detail["query"] === "cached-read" && detail["error"] === null && atMs < until,
      )?.atMs ?? null,
    firstFailedWriteMs: writes.reduce<number | null>((least, { endMs }) => Math.min(least ?? endMs, endMs), null),
  };
}
