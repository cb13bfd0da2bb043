import { counted, number, seconds, secondsOrUnseen } from "../words.ts";
import type { Rule } from "./rule.ts";
import { settingNumber, settingOf, settingValue } from "./settings.ts";
import { between } from "../observed.ts";

/** What vendors and training texts claim for Sentinel, in milliseconds. */
const claimed = { fromMs: 15_000, toMs: 45_000 };
const defaultDownAfterMs = 30_000;
/** Waiting longer than this to call a master down is the larger part of any failover. */
const slowDownAfterMs = 10_000;
const goodDownAfterMs = 5000;

export const noFailover: Rule = ({ history, timings }) => {
  if (timings.injectedMs === null || timings.switchMs !== null) return null;
  // Said by a finding of its own.
  if (timings.backMs !== null) return null;
  const lasted = between(timings.injectedMs, timings.removedMs);
  const seen = (atMs: number | null): string => (atMs === null ? "not seen" : "seen");
  return {
    id: "redis.no-failover",
    severity: "high",
    title: "No failover took place",
    evidence: [
      `+sdown ${seen(timings.sdownMs)}, +odown ${seen(timings.odownMs)}, +switch-master not seen`,
      `the fault lasted ${lasted === null ? "an unknown time" : seconds(lasted)}; down-after-milliseconds is ${settingValue(history, "down-after-milliseconds")}, quorum ${settingValue(history, "quorum")}`,
    ],
    advice:
      "If the fault was shorter than down-after-milliseconds plus an election, lengthen it. Otherwise check that the quorum can be reached and that every Sentinel knows the others.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

export const detection: Rule = ({ history, timings }) => {
  const afterMs = between(timings.injectedMs, timings.switchMs);
  if (afterMs === null) return null;
  const after = (atMs: number | null): string => secondsOrUnseen(between(timings.injectedMs, atMs));
  const downAfterMs = settingNumber(history, "down-after-milliseconds");
  const place = afterMs < claimed.fromMs ? "below" : afterMs > claimed.toMs ? "above" : "inside";
  return {
    id: "redis.failover-time",
    severity: downAfterMs !== null && downAfterMs > slowDownAfterMs ? "medium" : "info",
    title: `Failover took ${seconds(afterMs)}, of which detection ${after(timings.odownMs)}`,
    evidence: [
      `+sdown after ${after(timings.sdownMs)}, +odown after ${after(timings.odownMs)}, +switch-master after ${seconds(afterMs)}, first write on ${timings.newMaster ?? "the new master"} after ${after(timings.firstNewWriteMs)}`,
      `commonly claimed for Sentinel: 15 to 45 s; measured: ${seconds(afterMs)}, ${place} that`,
      downAfterMs === null
        ? "down-after-milliseconds could not be read"
        : `down-after-milliseconds is ${downAfterMs}${downAfterMs === defaultDownAfterMs ? ", Redis' default" : `; with Redis' default of 30000 the same failover would take about ${seconds(afterMs - downAfterMs + defaultDownAfterMs)}`}`,
    ],
    advice:
      "down-after-milliseconds is the larger part of a failover. 5000 suits most networks. The price of less: it must stay above the longest pause of a healthy master, or failovers happen for nothing.",
    setting: {
      ...settingOf(history, "down-after-milliseconds"),
      ...(downAfterMs !== null && downAfterMs <= goodDownAfterMs
        ? { recommended: "leave it, while it is above the longest pause of a healthy master" }
        : {}),
    },
  };
};

export const restlessBaseline: Rule = ({ history, timings }) => {
  const early = history.events.filter(
    (event) => event.event === "+switch-master" && event.atMs < (timings.injectedMs ?? Number.POSITIVE_INFINITY),
  );
  if (early.length === 0) return null;
  return {
    id: "redis.failover-before-fault",
    severity: "high",
    title: "A failover happened before anything was injected",
    evidence: early.map(
      ({ atMs, detail }) =>
        `+switch-master from ${String(detail["from"])} to ${String(detail["to"])}, ${seconds(atMs)} into the baseline`,
    ),
    advice: "The system is not steady under this load; find out why before testing it further.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

/** Sentinels announce one switch at different times; only a switch away from the new master is another failover. */
export const failoverAfterHealing: Rule = ({ history, timings }) => {
  const { removedMs, newMaster } = timings;
  if (removedMs === null || newMaster === null) return null;
  const later = history.events.find(
    (event) => event.event === "+switch-master" && event.atMs > removedMs && event.detail["from"] === newMaster,
  );
  if (later === undefined) return null;
  return {
    id: "redis.failover-after-healing",
    severity: "high",
    title: "A second failover happened after the fault had been removed",
    evidence: [
      `+switch-master from ${newMaster} to ${String(later.detail["to"])}, ${seconds(later.atMs - removedMs)} after healing`,
    ],
    advice:
      "Healing itself upset the system: look for Sentinels that still disagreed, or a new master that stalled while replicas resynchronised. A larger down-after-milliseconds avoids it, at the price of a later failover.",
    setting: settingOf(history, "down-after-milliseconds"),
  };
};

/** Measured before: the new master waited for replicas until failover-timeout ended a stalled reconfiguration. */
export const newMasterRefused: Rule = ({ history, timings }) => {
  const refused = history.operations.filter(
    (op) =>
      op.error === "NOREPLICAS" &&
      op.member === timings.newMaster &&
      timings.newMaster !== null &&
      op.plannedMs >= (timings.switchMs ?? Number.POSITIVE_INFINITY),
  );
  const [first] = refused;
  const last = refused.at(-1);
  if (first === undefined || last === undefined) return null;
  return {
    id: "redis.new-master-refused-writes",
    severity: "high",
    title: `The new master refused writes for ${seconds(last.plannedMs - first.plannedMs)} for want of replicas`,
    evidence: [
      `${counted(refused.length, "write")} answered NOREPLICAS by ${timings.newMaster}, from ${secondsOrUnseen(between(timings.switchMs, first.plannedMs))} to ${secondsOrUnseen(between(timings.switchMs, last.plannedMs))} after +switch-master`,
      `parallel-syncs is ${settingValue(history, "parallel-syncs")}, failover-timeout ${settingValue(history, "failover-timeout")} ms, min-replicas-to-write ${settingValue(history, "min-replicas-to-write", timings.newMaster ?? undefined)}`,
    ],
    advice:
      "The replicas had not been turned to the new master yet. parallel-syncs above 1 turns them together, so that one which cannot be reached does not hold up the rest; a lower failover-timeout ends a stalled reconfiguration sooner. The price: replicas that resynchronise together cannot serve reads in that time.",
    setting: settingOf(history, "parallel-syncs"),
  };
};

export const weakQuorum: Rule = ({ history }) => {
  const quorum = settingNumber(history, "quorum");
  const others = settingNumber(history, "num-other-sentinels");
  if (quorum === null || others === null) return null;
  const sentinels = others + 1;
  const majority = Math.floor(sentinels / 2) + 1;
  const told = new Set(history.settings.filter(({ name }) => name === "num-other-sentinels").map(({ value }) => value));
  const problems = [
    ...(sentinels < 3
      ? [`there are ${counted(sentinels, "Sentinel")}; the loss of one leaves no majority to fail over`]
      : []),
    ...(quorum < majority
      ? [`quorum ${number(quorum)} is below the majority of ${number(sentinels)}, ${number(majority)}`]
      : []),
    ...(told.size > 1 ? [`the Sentinels count each other differently: ${[...told].join(", ")} others`] : []),
  ];
  if (problems.length === 0) return null;
  return {
    id: "redis.weak-quorum",
    severity: "medium",
    title: "The Sentinels' quorum is weak",
    evidence: problems,
    advice:
      "Run an odd number of Sentinels, at least three, in separate failure domains, with a majority as quorum; SENTINEL RESET removes Sentinels that are gone. The price of a higher quorum: more Sentinels must be reachable to fail over.",
    setting: settingOf(history, "quorum"),
  };
};
