import type { History } from "../../probes/history.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import { staleReads } from "../stale-reads.ts";
import { foldRanges } from "../sets.ts";
import { predictedLoss } from "./predicted-loss.ts";
import { settingOf, settingValue } from "./settings.ts";
import { between, type Timings } from "./timings.ts";

export interface RuleInput {
  history: History;
  context: JudgeContext;
  timings: Timings;
}

/** A rule looks at the evidence and gives a finding, or nothing. Pure. */
export type Rule = (input: RuleInput) => Finding | null;

const lostWrites: Rule = ({ history, context, timings }) => {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  if (total.lost === null || total.lost === 0) return null;
  const share = percent(total.lost, total.acknowledged);
  const off = settingValue(history, "min-replicas-to-write", timings.oldMaster ?? undefined) === "0";
  const predicted = predictedLoss(history, timings);
  return {
    id: "redis.lost-acknowledged-writes",
    severity: "critical",
    title: `${number(total.lost)} of ${number(total.acknowledged)} acknowledged writes were lost (${share})`,
    evidence: [
      ...context.writes.map(({ client, counts, lost }) => {
        const ranges = foldRanges(lost)
          .slice(0, 3)
          .map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
        return `${client}: ${number(counts.lost ?? 0)} of ${number(counts.acknowledged)} lost${ranges.length === 0 ? "" : `, numbers ${ranges.join(", ")}`}`;
      }),
      ...(timings.oldMaster === null
        ? []
        : [
            `${timings.oldMaster} acknowledged them, was overruled by ${timings.newMaster}, and dropped them when it became a replica`,
          ]),
      ...(predicted === null
        ? []
        : [`predicted from the timings: ${number(predicted)}; observed: ${number(total.lost)}`]),
    ],
    advice: off
      ? "Set min-replicas-to-write 1 and min-replicas-max-lag 3 on every member: a master without a replica then refuses writes after about 3 s. The price: it also refuses them when its replicas are merely down. Writes that must never be lost need WAIT 1 with the answer checked."
      : `min-replicas-to-write is on and limited the loss to what was accepted within min-replicas-max-lag (${settingValue(history, "min-replicas-max-lag", timings.oldMaster ?? undefined)} s). Lower it to 3 for less; for none, use WAIT 1 and check its answer.`,
    setting: settingOf(history, off ? "min-replicas-to-write" : "min-replicas-max-lag", timings.oldMaster ?? undefined),
  };
};

const splitBrain: Rule = ({ history, timings }) => {
  const { overlap } = timings;
  if (overlap === null) return null;
  return {
    id: "redis.two-masters-accepted-writes",
    severity: "critical",
    title: `Two masters accepted writes at once for ${seconds(overlap.toMs - overlap.fromMs)}`,
    evidence: [
      `${overlap.newer} acknowledged its first write ${seconds(between(timings.injectedMs, overlap.fromMs) ?? 0)} after injection`,
      `${overlap.older} went on acknowledging until ${seconds(between(timings.injectedMs, overlap.toMs) ?? 0)} after injection: ${number(overlap.byOlder)} writes in that time`,
    ],
    advice:
      "Sentinel cannot fence the old master; only the master itself can stop. min-replicas-to-write makes it stop when its replicas are gone for min-replicas-max-lag seconds.",
    setting: settingOf(history, "min-replicas-to-write", overlap.older),
  };
};

const oldMasterRefused: Rule = ({ history, timings }) => {
  const afterMs = between(timings.injectedMs, timings.refusedFromMs);
  if (afterMs === null) return null;
  return {
    id: "redis.old-master-stopped-accepting",
    severity: "info",
    title: `The cut-off master refused writes from ${seconds(afterMs)} after injection`,
    evidence: [
      `first NOREPLICAS ${seconds(afterMs)} after injection`,
      `min-replicas-to-write ${settingValue(history, "min-replicas-to-write", timings.oldMaster ?? undefined)}, min-replicas-max-lag ${settingValue(history, "min-replicas-max-lag", timings.oldMaster ?? undefined)} s on ${timings.oldMaster ?? "the master"}`,
    ],
    advice:
      "This is the protection at work. The loss window is min-replicas-max-lag: keep it as low as the replicas' acknowledgements, one a second, allow.",
    setting: settingOf(history, "min-replicas-max-lag", timings.oldMaster ?? undefined),
  };
};

const noFailover: Rule = ({ history, timings }) => {
  if (timings.injectedMs === null || timings.switchMs !== null) return null;
  const lasted = between(timings.injectedMs, timings.removedMs);
  return {
    id: "redis.no-failover",
    severity: "high",
    title: "No failover took place",
    evidence: [
      `+sdown ${timings.sdownMs === null ? "not seen" : "seen"}, +odown ${timings.odownMs === null ? "not seen" : "seen"}, +switch-master not seen`,
      `the fault lasted ${lasted === null ? "unknown" : seconds(lasted)}; down-after-milliseconds is ${settingValue(history, "down-after-milliseconds")}, quorum ${settingValue(history, "quorum")}`,
    ],
    advice:
      "If the fault was shorter than down-after-milliseconds plus an election, lengthen it. Otherwise check that the quorum can be reached and that every Sentinel knows the others.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

const detection: Rule = ({ history, timings }) => {
  const afterMs = between(timings.injectedMs, timings.switchMs);
  if (afterMs === null) return null;
  const downAfter = settingValue(history, "down-after-milliseconds");
  return {
    id: "redis.failover-time",
    severity: Number(downAfter) > 10_000 ? "medium" : "info",
    title: `Failover took ${seconds(afterMs)}, of which detection ${seconds(between(timings.injectedMs, timings.odownMs) ?? 0)}`,
    evidence: [
      `+sdown after ${secondsOrUnknown(between(timings.injectedMs, timings.sdownMs))}, +odown after ${secondsOrUnknown(between(timings.injectedMs, timings.odownMs))}, +switch-master after ${seconds(afterMs)}, first write on ${timings.newMaster ?? "the new master"} after ${secondsOrUnknown(between(timings.injectedMs, timings.firstNewWriteMs))}`,
      `down-after-milliseconds is ${downAfter}; with Redis' default of 30000 the same failover would take about ${seconds(afterMs - Number(downAfter) + 30_000)}. Commonly claimed for Sentinel: 15 to 45 s`,
    ],
    advice:
      "down-after-milliseconds is the larger part of a failover. 5000 suits most networks; it must stay above the longest pause of a healthy master.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

const pinnedClient: Rule = ({ context, timings }) => {
  const open = context.outages.filter((outage) => outage.endMs === null && outage.kind === "write");
  const [first] = open;
  if (first === undefined) return null;
  return {
    id: "redis.client-never-recovered",
    severity: "high",
    title: `Client ${first.probe} never recovered by itself`,
    evidence: open.map(
      (outage) =>
        `${outage.probe}: no success from ${secondsOrUnknown(between(timings.injectedMs, outage.startMs))} after injection to the end; ${Object.entries(
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

const stale: Rule = ({ history }) => {
  const found = staleReads(history).filter((entry) => entry.stale > 0);
  if (found.length === 0) return null;
  return {
    id: "redis.stale-reads",
    severity: "medium",
    title: `${number(found.reduce((sum, entry) => sum + entry.stale, 0))} reads missed writes that had been acknowledged`,
    evidence: found.map(
      (entry) =>
        `${entry.client}: ${number(entry.stale)} of ${number(entry.reads)} reads, the worst missed a write ${seconds(entry.worstMs)} old`,
    ),
    advice:
      "Read your own writes from the member that acknowledged them, and treat a value as settled only after replication (WAIT).",
  };
};

const divergence: Rule = ({ history }) => {
  const divergent = divergentMembers(history);
  if (divergent.length === 0) return null;
  return {
    id: "redis.members-diverge",
    severity: "critical",
    title: "Members still hold different data after recovery",
    evidence: divergent.map(
      (entry) => `${entry.member}: ${number(entry.differing)} values of ${entry.client} differ from the master's`,
    ),
    advice:
      "Do not trust offsets or link state here. Resynchronise the member from scratch (stop it, remove its data, start it) before it may be promoted.",
  };
};

const duplicates: Rule = ({ context }) => {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  const odd = (total.duplicated ?? 0) + (total.unexpected ?? 0);
  if (odd === 0) return null;
  return {
    id: "redis.unexpected-values",
    severity: "high",
    title: `${number(odd)} values are there twice, or though they were refused`,
    evidence: [
      `duplicated: ${number(total.duplicated ?? 0)}; present though certainly failed or never sent: ${number(total.unexpected ?? 0)}`,
    ],
    advice:
      "A refusal must mean that nothing was applied. Look at what sits between the client and Redis (proxies that retry).",
  };
};

const recovered: Rule = ({ context }) => {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  if (total.unknown === 0) return null;
  return {
    id: "redis.unknown-outcomes",
    severity: "low",
    title: `${number(total.unknown)} writes ended unknown; ${total.recovered === null ? "how many were applied is not known" : `${number(total.recovered)} of them had been applied`}`,
    evidence: context.writes
      .filter(({ counts }) => counts.unknown > 0)
      .map(
        ({ client, counts }) =>
          `${client}: ${number(counts.unknown)} timed out or lost their connection before the answer, ${counts.recovered === null ? "unknown how many" : number(counts.recovered)} were there at the end`,
      ),
    advice:
      "Make writes idempotent (a unique id each) before retrying: a retry after a time-out may apply the same write twice.",
  };
};

const restlessBaseline: Rule = ({ history, timings }) => {
  const early = history.events.filter(
    (event) => event.event === "+switch-master" && event.atMs < (timings.injectedMs ?? Number.POSITIVE_INFINITY),
  );
  if (early.length === 0) return null;
  return {
    id: "redis.failover-before-fault",
    severity: "high",
    title: "A failover happened before anything was injected",
    evidence: early.map(
      (event) => `+switch-master from ${String(event.detail["from"])} to ${String(event.detail["to"])}`,
    ),
    advice: "The system is not steady under this load; find out why before testing it further.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

const persistence: Rule = ({ history }) => {
  const off = history.settings.filter((entry) => entry.name === "appendonly" && entry.value === "no");
  if (off.length === 0) return null;
  const snapshots = settingValue(history, "save", off[0]?.member);
  return {
    id: "redis.append-only-off",
    severity: snapshots === "" ? "medium" : "info",
    title: "The append-only file is off",
    evidence: [`appendonly no on ${off.map((entry) => entry.member).join(", ")}; save "${snapshots}"`],
    advice:
      "A member that restarts loses what came after its last snapshot; a master that restarts empty before down-after-milliseconds has its replicas copy the emptiness. Turn appendonly on, or forbid automatic restarts of a master.",
    setting: settingOf(history, "appendonly", off[0]?.member),
  };
};

const slippedSchedule: Rule = ({ history }) => {
  const slipped = history.schedules.filter((entry) => entry.notSent > 0 || entry.lateP99Ms > 50);
  if (slipped.length === 0) return null;
  return {
    id: "probe.schedule-slipped",
    severity: "low",
    title: "The probes did not keep their schedule",
    evidence: slipped.map(
      (entry) =>
        `${entry.client}: ${number(entry.notSent)} of ${number(entry.planned)} not sent; late by p99 ${entry.lateP99Ms.toFixed(1)} ms, at most ${entry.lateMaxMs.toFixed(1)} ms`,
    ),
    advice:
      "Lower rate=, or give the worker a core of its own. Latencies count from the planned time, so they include this.",
  };
};

const nothingLost: Rule = ({ context }) => {
  const total = totalWrites(context.writes.map(({ counts }) => counts));
  if (total.lost !== 0 || total.acknowledged === 0) return null;
  return {
    id: "redis.nothing-lost",
    severity: "info",
    title: `None of ${number(total.acknowledged)} acknowledged writes was lost`,
    evidence: [
      `that is less than ${((3 / total.acknowledged) * 100).toPrecision(2)} % with 95 % confidence (rule of three)`,
    ],
    advice: "One run is one sample: repeat it before quoting it.",
  };
};

export const rules: readonly Rule[] = [
  lostWrites,
  splitBrain,
  divergence,
  duplicates,
  noFailover,
  restlessBaseline,
  pinnedClient,
  stale,
  oldMasterRefused,
  detection,
  recovered,
  persistence,
  slippedSchedule,
  nothingLost,
];

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0 %" : `${((100 * part) / whole).toFixed(1)} %`;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}

function secondsOrUnknown(durationMs: number | null): string {
  return durationMs === null ? "an unobserved time" : seconds(durationMs);
}
