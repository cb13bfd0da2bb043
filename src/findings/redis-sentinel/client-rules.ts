import { lostByClient } from "../generic-measures.ts";
import { staleReads } from "../stale-reads.ts";
import { counted, listed, number, seconds, secondsOrUnseen } from "../words.ts";
import type { Rule } from "./rule.ts";
import { settingOf, settingValue } from "./settings.ts";
import { between } from "../observed.ts";

/** Fewer bad answers than this before the probes stopped are no proof of a client that never recovers. */
const leastBadAnswers = 3;

export const pinnedClient: Rule = ({ context, timings }) => {
  const open = context.outages.filter(
    (outage) =>
      outage.endMs === null &&
      outage.kind === "write" &&
      Object.values(outage.errors).reduce((sum, times) => sum + times, 0) >= leastBadAnswers,
  );
  if (open.length === 0) return null;
  return {
    id: "redis.client-never-recovered",
    severity: "high",
    title: `${open.length === 1 ? "Client" : "Clients"} ${listed(open.map(({ probe }) => probe))} never recovered`,
    evidence: open.map(
      (outage) =>
        `${outage.probe}: no lasting success from ${secondsOrUnseen(between(timings.injectedMs, outage.startMs))} after injection to the end; ${Object.entries(
          outage.errors,
        )
          .slice(0, 3)
          .map(([name, times]) => `${name} × ${number(times)}`)
          .join(", ")}`,
    ),
    advice:
      "A client that keeps its connection goes on writing to the overruled master, and to a replica after that. Use a Sentinel-aware client that checks ROLE on every new connection, listens for +switch-master, and closes its connections on READONLY.",
  };
};

export const stale: Rule = ({ history, context }) => {
  const found = staleReads(history, lostByClient(context)).filter((entry) => entry.stale > 0);
  if (found.length === 0) return null;
  const total = found.reduce((sum, entry) => sum + entry.stale, 0);
  const late = found.reduce((sum, entry) => sum + entry.stale - entry.missedOnlyLost, 0);
  return {
    id: "redis.stale-reads",
    severity: "medium",
    title: `${counted(total, "read")} missed writes that had been acknowledged`,
    evidence: found.map(
      (entry) =>
        `${entry.client}: ${number(entry.stale)} of ${counted(entry.reads, "read")}, the worst missed a write ${seconds(entry.worstMs)} old; ${number(entry.missedOnlyLost)} missed only writes that were lost for good, ${number(entry.stale - entry.missedOnlyLost)} missed writes that survived`,
    ),
    advice:
      late === 0
        ? "These reads are the loss, seen by a client: what it had been told was stored was gone. Preventing the loss prevents them."
        : "Read your own writes from the member that acknowledged them, and treat a value as settled only after replication (WAIT). The price: reads and writes wait for the master or a replica.",
  };
};

export const persistence: Rule = ({ history }) => {
  const off = history.settings.filter((entry) => entry.name === "appendonly" && entry.value === "no");
  const [first] = off;
  if (first === undefined) return null;
  const snapshots = settingValue(history, "save", first.member);
  return {
    id: "redis.append-only-off",
    severity: snapshots === "" ? "medium" : "info",
    title: snapshots === "" ? "Nothing is written to disk" : "The append-only file is off",
    evidence: [
      `appendonly no on ${off.map((entry) => entry.member).join(", ")}; save "${snapshots}" on ${first.member}`,
    ],
    advice:
      "A member that restarts loses what came after its last snapshot; a master that restarts empty before down-after-milliseconds has its replicas copy the emptiness. Turn appendonly on (the price: disk writes, and about a second may still be lost with appendfsync everysec), or forbid automatic restarts of a master.",
    setting: settingOf(history, "appendonly", first.member),
  };
};
