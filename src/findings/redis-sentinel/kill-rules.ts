import { counted, number, seconds, secondsOrUnseen } from "../words.ts";
import { totalWrites } from "../write-counts.ts";
import { acceptedAfterReturn } from "./kill-measures.ts";
import type { Rule } from "./rule.ts";
import { settingNumber, settingOf, settingValue } from "./settings.ts";
import { between } from "../observed.ts";

/** The dangerous quick restart: back before anybody missed it, with what its disk had. */
export const backBeforeMissed: Rule = ({ history, context, timings }) => {
  const { killed, switchMs, backMs, injectedMs } = timings;
  const back = between(injectedMs, backMs);
  if (killed === null || switchMs !== null || back === null) return null;
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  return {
    id: "redis.master-back-before-missed",
    severity: (lost ?? 0) > 0 ? "critical" : "high",
    title: `The killed master was back after ${seconds(back)}, before the Sentinels missed it`,
    evidence: [
      `${killed} answered again ${seconds(back)} after the kill; down-after-milliseconds is ${settingValue(history, "down-after-milliseconds")}`,
      `it came back with what was on its disk (appendonly ${settingValue(history, "appendonly", killed)}, save "${settingValue(history, "save", killed)}"), and the replicas copied that`,
      `lost: ${lost === null ? "unknown" : number(lost)} of ${counted(acknowledged, "acknowledged write")}`,
    ],
    advice:
      "A master that restarts faster than it is missed overwrites its replicas with its own, older data. Turn appendonly on (about a second may still be lost with appendfsync everysec), or make members wait longer than down-after-milliseconds before they start again.",
    setting: settingOf(history, "appendonly", killed),
  };
};

/** It came back, did not know that it had been overruled, and took writes until Sentinel told it. */
export const returnedAsMaster: Rule = ({ history, timings }) => {
  const { killed } = timings;
  const accepted = acceptedAfterReturn(history, timings);
  if (killed === null || accepted === null) return null;
  const needed = settingNumber(history, "min-replicas-to-write", killed);
  return {
    id: "redis.returned-as-master",
    severity: "critical",
    title: `The killed master came back as a master and accepted writes for ${seconds(accepted.toMs - accepted.fromMs)}`,
    evidence: [
      `${killed} answered again ${secondsOrUnseen(between(timings.injectedMs, timings.backMs))} after the kill; ${timings.newMaster ?? "another"} had been master for ${secondsOrUnseen(between(timings.switchMs, timings.backMs))} then`,
      `it acknowledged ${counted(accepted.writes, "write")}, and dropped them when it became a replica ${secondsOrUnseen(between(timings.backMs, timings.demotedMs))} after its return`,
    ],
    advice: `Sentinel waits several seconds before it turns a returned master into a replica, and a client that reconnects by address finds it writable until then. ${needed === null || needed === 0 ? "min-replicas-to-write 1 makes a master without replicas refuse; clients must ask Sentinel at every new connection." : "Clients must ask Sentinel at every new connection; lower min-replicas-max-lag if the member took writes although it had no replicas."} A start script that asks the Sentinels who is master before the server starts closes the gap.`,
    setting: settingOf(history, "min-replicas-to-write", killed),
  };
};

/** Acknowledged by the master and not yet sent to a replica when it died. */
export const lostWithTheMaster: Rule = ({ history, context, timings }) => {
  const { killed, switchMs, injectedMs } = timings;
  if (killed === null || switchMs === null || injectedMs === null) return null;
  const lostOf = new Map(context.writes.map(({ client, lost }) => [client, new Set(lost)]));
  const unsent = history.operations.filter(
    (op) =>
      op.kind === "write" &&
      op.outcome === "ok" &&
      op.member === killed &&
      op.startMs <= switchMs &&
      lostOf.get(op.client)?.has(op.seq) === true,
  );
  const [first] = unsent;
  if (first === undefined) return null;
  const beforeMs = unsent.reduce((earliest, op) => Math.min(earliest, op.endMs), first.endMs);
  return {
    id: "redis.lost-with-the-master",
    severity: "critical",
    title: `${counted(unsent.length, "acknowledged write")} died with the master before a replica had ${unsent.length === 1 ? "it" : "them"}`,
    evidence: [
      `the oldest of them had been acknowledged ${seconds(Math.max(0, injectedMs - beforeMs))} before the kill`,
      `${timings.newMaster ?? "the new master"} was promoted without them`,
    ],
    advice:
      "Redis acknowledges before it replicates. WAIT 1 with its answer checked waits for a replica; nothing else closes this window. The price: a round trip to a replica for each such write.",
    setting: settingOf(history, "appendonly", killed),
  };
};
