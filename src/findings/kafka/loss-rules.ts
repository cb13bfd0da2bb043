import { foldRanges } from "../sets.ts";
import { counted, listed, number, percent } from "../words.ts";
import { divergentMembers } from "../write-counts.ts";
import { nothingLost, unknownOutcomes } from "../write-rules.ts";
import { totalOf, type Rule } from "./rule.ts";
import { settingOf } from "./settings.ts";

const numbers = (seqs: readonly number[]): string =>
  listed(
    foldRanges(seqs)
      .slice(0, 5)
      .map(([from, to]) => (from === to ? number(from) : `${number(from)}–${number(to)}`)),
  );

export const lost: Rule = (input) => {
  const total = totalOf(input);
  if ((total.lost ?? 0) === 0) return null;
  return {
    id: "kafka.lost-acknowledged-writes",
    severity: "critical",
    title: `${number(total.lost ?? 0)} of ${counted(total.acknowledged, "acknowledged write")} were lost (${percent(total.lost ?? 0, total.acknowledged)})`,
    evidence: input.context.writes
      .filter(({ lost: seqs }) => seqs.length > 0)
      .map(({ client, counts, lost: seqs }) => `${client}: ${counts.lost ?? "unknown"} lost, numbers ${numbers(seqs)}`),
    advice:
      "With acks=all an acknowledged record was on every in-sync replica. It is lost when those were one (min.insync.replicas 1), when a replica that was behind became leader (unclean.leader.election.enable), or when disks did not keep it. Set min.insync.replicas to 2 with three replicas.",
    setting: settingOf(input.history, "min.insync.replicas", "topic"),
  };
};

/** One offset, two values; or an acknowledged offset that the log does not reach any more. */
export const offsetsMoved: Rule = ({ history, offsets }) => {
  const wrong = (offsets ?? []).filter((check) => check.beyondEnd.length + check.moved.length + check.shared > 0);
  if (wrong.length === 0) return null;
  const total = wrong.reduce((sum, check) => sum + check.beyondEnd.length + check.moved.length + check.shared, 0);
  return {
    id: "kafka.offset-regress",
    severity: "critical",
    title: `${counted(total, "acknowledged write")} ${total === 1 ? "is" : "are"} not at the offset that was acknowledged`,
    evidence: wrong.flatMap(({ client, checked, beyondEnd, moved, shared }) => [
      ...(beyondEnd.length > 0
        ? [
            `${client}: the log ends before the offset of ${number(beyondEnd.length)} of ${number(checked)}, numbers ${numbers(beyondEnd)}`,
          ]
        : []),
      ...(moved.length > 0
        ? [
            `${client}: another record stands at the offset of ${number(moved.length)} of ${number(checked)}, numbers ${numbers(moved)}`,
          ]
        : []),
      ...(shared > 0 ? [`${client}: ${counted(shared, "offset")} given to two writes`] : []),
    ]),
    advice:
      "The log was cut off and written anew: consumers that had read there have seen what is not there any more. The causes are those of a lost write: one in-sync replica, an unclean election, or disks that do not keep what they have.",
    setting: settingOf(history, "unclean.leader.election.enable"),
  };
};

export const diverged: Rule = ({ history }) => {
  const differing = divergentMembers(history);
  if (differing.length === 0) return null;
  return {
    id: "kafka.replicas-diverge",
    severity: "critical",
    title: "Replicas hold different records after recovery",
    evidence: differing.map(
      ({ member, client, differing: records }) =>
        `${member}: ${counted(records, "record")} of ${client} not as on the leader, though it is in sync`,
    ),
    advice:
      "Compare the logs (kafka-dump-log.sh), take the broker that differs out, delete its copy of the partition and let it copy the leader's. Look at its disk.",
    setting: settingOf(history, "unclean.leader.election.enable"),
  };
};

export const duplicates: Rule = ({ history, context }) => {
  const doubled = context.writes.filter(({ counts }) => (counts.duplicated ?? 0) > 0);
  if (doubled.length === 0) return null;
  return {
    id: "kafka.duplicates",
    severity: "medium",
    title: `${counted(
      doubled.reduce((sum, { counts }) => sum + (counts.duplicated ?? 0), 0),
      "record",
    )} stand at more than one offset`,
    evidence: [
      ...doubled.map(({ client, counts }) => `${client}: ${number(counts.duplicated ?? 0)}`),
      "the probes send nothing twice, so it was not a producer's retry",
    ],
    advice: "Look at the brokers' versions and logs: with a client that sends once this must not happen.",
    setting: settingOf(history, "enable.idempotence"),
  };
};

export const damaged: Rule = ({ history }) => {
  const logs = history.events.filter((event) => event.event === "replica-log" && Number(event.detail["damaged"]) > 0);
  if (logs.length === 0) return null;
  return {
    id: "kafka.damaged-records",
    severity: "critical",
    title: "Records came back that are not what was written",
    evidence: logs.map(
      ({ source, detail }) =>
        `${source}, ${String(detail["client"])}: ${counted(Number(detail["damaged"]), "record")} of ${number(Number(detail["records"]))} with a wrong checksum`,
    ),
    advice: "Kafka checks each batch's CRC itself, so look at what is between: the broker's disk, memory, and proxies.",
  };
};

export const unknown: Rule = ({ context, history }) => {
  const found = unknownOutcomes(context, {
    id: "kafka.unknown-outcomes",
    evidence: [
      "a producer that gives up waiting does not know whether its record is in the log; a leader that waits for its replicas has appended it already",
    ],
    advice:
      "An application that sends such a record again must be able to take it twice, or produce with enable.idempotence (true by default in Kafka's own client) and a delivery.timeout.ms longer than a failover, so that the client itself sends again under the same sequence number.",
  });
  return found === null ? null : { ...found, setting: settingOf(history, "enable.idempotence") };
};

export const kept: Rule = ({ context, offsets }) => {
  const found = nothingLost(context, {
    id: "kafka.nothing-lost",
    advice: "One run is one sample: repeat it before quoting it.",
  });
  if (found === null) return null;
  const checked = (offsets ?? []).reduce((sum, check) => sum + check.checked, 0);
  return {
    ...found,
    evidence: [
      ...found.evidence,
      offsets === null
        ? "their offsets could not be compared"
        : `${number(checked)} acknowledged offsets compared with what stands there now`,
    ],
  };
};
