import type { History, TimelineEvent } from "../../probes/history.ts";
import { doubleAcceptance, type DoubleAcceptance } from "../double-acceptance.ts";
import { textOrNull } from "../observed.ts";

/** When things happened, in milliseconds on the history's clock; null: not observed. */
export interface Timings {
  injectedMs: number | null;
  removedMs: number | null;
  sdownMs: number | null;
  odownMs: number | null;
  /** A Sentinel has the others' votes to fail over. */
  electedMs: number | null;
  switchMs: number | null;
  oldMaster: string | null;
  newMaster: string | null;
  /** First write that the new master acknowledged. */
  firstNewWriteMs: number | null;
  /** The old master's own word that it is a replica, after healing. */
  demotedMs: number | null;
  /** Its link to the new master up again. */
  resyncedMs: number | null;
  /** First write that the old master refused for want of replicas. */
  refusedFromMs: number | null;
  overlap: DoubleAcceptance | null;
  /** The pod that a kill took; null when the fault was no kill. */
  killed: string | null;
  /** The killed member answering again. */
  backMs: number | null;
}

/** Reads the timings of a Redis Sentinel run off its history. */
export function readTimings(history: History): Timings {
  const { events } = history;
  const at = (match: (event: TimelineEvent) => boolean): number | null => events.find(match)?.atMs ?? null;
  const injectedMs = at((event) => event.event === "fault-injected");
  const removedMs = at((event) => event.event === "fault-removed");
  const after = injectedMs ?? Number.POSITIVE_INFINITY;
  const fault = events.find((event) => event.event === "fault-injected");
  const killed = fault?.detail["action"] === "pod-kill" ? textOrNull(fault.detail["pods"]) : null;
  // A kill is over when it is done; a partition lasts until it is removed.
  const overAt = (killed === null ? removedMs : injectedMs) ?? Number.POSITIVE_INFINITY;
  const sentinelSays = (name: string): number | null =>
    at((event) => event.event === name && event.atMs >= after && (event.detail["kind"] ?? "master") === "master");
  const switched = events.find((event) => event.event === "+switch-master" && event.atMs >= after);
  const oldMaster = textOrNull(switched?.detail["from"]) ?? killed;
  const newMaster = textOrNull(switched?.detail["to"]);
  const ofOldMaster = (event: TimelineEvent): boolean => event.source === oldMaster && event.atMs >= overAt;
  // The member's own word; failing that, the Sentinel's that it has told it so.
  const demotedMs =
    at((event) => ofOldMaster(event) && event.event === "role" && event.detail["role"] === "replica") ??
    at((event) => event.event === "+convert-to-slave" && event.detail["member"] === oldMaster && event.atMs >= overAt);
  const writes = history.operations.filter((op) => op.kind === "write");
  const onNewMaster = writes.filter((op) => op.outcome === "ok" && op.member === newMaster && op.endMs >= after);
  return {
    injectedMs,
    removedMs,
    sdownMs: sentinelSays("+sdown"),
    odownMs: sentinelSays("+odown"),
    electedMs: sentinelSays("+elected-leader"),
    switchMs: switched?.atMs ?? null,
    oldMaster,
    newMaster,
    firstNewWriteMs: onNewMaster.reduce<number | null>((first, op) => Math.min(first ?? op.endMs, op.endMs), null),
    demotedMs,
    resyncedMs: at(
      (event) =>
        ofOldMaster(event) &&
        event.event === "link" &&
        event.detail["state"] === "up" &&
        event.atMs >= (demotedMs ?? Number.POSITIVE_INFINITY),
    ),
    // Without a failover there is one master, and it is the one that was cut off.
    refusedFromMs:
      writes.find(
        (op) => op.error === "NOREPLICAS" && op.plannedMs >= after && (oldMaster === null || op.member === oldMaster),
      )?.plannedMs ?? null,
    overlap: doubleAcceptance(history),
    killed,
    backMs: killed === null ? null : at((event) => ofOldMaster(event) && event.event === "reachable"),
  };
}
