import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import { counted, number, percent, seconds, secondsOrUnseen } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { nothingLost, unknownOutcomes } from "../write-rules.ts";
import { between } from "../observed.ts";
import type { EtcdTimings } from "./timings.ts";

interface RuleInput {
  history: History;
  context: JudgeContext;
  timings: EtcdTimings;
}
type Rule = (input: RuleInput) => Finding | null;

const totalOf = ({ context }: RuleInput) => totalWrites(context.writes.map(({ counts }) => counts));
/** A term more than this above the one before: elections failed. */
const calmTermRise = 1;

function settingOf({ history }: RuleInput, name: string, recommended: string, source: string) {
  const found = history.settings.find((entry) => entry.name === name);
  return { name, value: found?.value ?? "unknown", member: found?.member ?? "unknown", recommended, source };
}
const votingMembers = (input: RuleInput) =>
  settingOf(input, "voting-members", "3 or 5, in as many failure domains", "etcd documentation, failure modes");

const lost: Rule = (input) => {
  const total = totalOf(input);
  if ((total.lost ?? 0) === 0) return null;
  return {
    id: "etcd.lost-acknowledged-writes",
    severity: "critical",
    title: `${number(total.lost ?? 0)} of ${counted(total.acknowledged, "acknowledged write")} were lost (${percent(total.lost ?? 0, total.acknowledged)})`,
    evidence: input.context.writes.map(({ client, counts }) => `${client}: ${counts.lost ?? "unknown"} lost`),
    advice:
      "An acknowledged write is on the disks of a majority; losing one means that disks did not keep what they had confirmed (fsync), or that a member was replaced with an empty disk under its old name. Look at the storage, and never re-add a member without removing it first.",
  };
};

const acceptedWithoutQuorum: Rule = ({ timings }) => {
  if (timings.writesWithout.length === 0) return null;
  return {
    id: "etcd.accepted-without-quorum",
    severity: "critical",
    title: `${counted(timings.writesWithout.length, "write")} acknowledged without a quorum`,
    evidence: [
      `while ${timings.taken.join(" and ")} were down, by ${[...new Set(timings.writesWithout.map((op) => op.member))].join(", ")}`,
    ],
    advice: "Either the members that were to be down were not, or clients reached another cluster. Check endpoints.",
  };
};

const diverged: Rule = ({ history, timings }) => {
  const hashes = [...new Set(timings.hashes.map(({ hash }) => hash))];
  const differing = divergentMembers(history);
  if (hashes.length <= 1 && differing.length === 0) return null;
  return {
    id: "etcd.members-diverge",
    severity: "critical",
    title: "Members hold different data after recovery",
    evidence: [
      `hashes: ${timings.hashes.map(({ member, hash }) => `${member} ${hash ?? "not answered"}`).join(", ")}`,
      ...differing.map((entry) => `${entry.member}: ${counted(entry.differing, "key")} not as on the leader`),
    ],
    advice:
      "Remove the member that differs, wipe its disk, add it again. --experimental-initial-corrupt-check and --experimental-corrupt-check-time find this by themselves.",
  };
};

const refused: Rule = (input) => {
  const { history, timings } = input;
  if (timings.leaderlessMs === null || timings.writesWithout.length > 0) return null;
  const words = new Map<string, string>();
  for (const { detail } of timings.answers) {
    words.set(String(detail["operation"]), `${String(detail["answer"])}, after ${number(Number(detail["tookMs"]))} ms`);
  }
  const errors = new Map<string, number>();
  for (const op of history.operations) {
    if (op.client !== "writer" || op.error === undefined || op.startMs < (timings.confirmedMs ?? 0)) continue;
    if (op.startMs < (timings.removedMs ?? 0)) errors.set(op.error, (errors.get(op.error) ?? 0) + 1);
  }
  return {
    id: "etcd.refused-without-quorum",
    severity: "info",
    title: "The survivor refused writes while there was no quorum",
    evidence: [
      `no leader ${secondsOrUnseen(between(timings.injectedMs, timings.leaderlessMs))} after injection; no write was acknowledged for ${secondsOrUnseen(between(timings.confirmedMs, timings.firstAckMs))}`,
      ...[...words].map(([operation, answer]) => `${operation} at the survivor: ${answer}`),
      `what the writer met: ${[...errors].map(([name, times]) => `${name} × ${number(times)}`).join(", ") || "nothing"}`,
      `reads answered meanwhile: ${number(timings.quorumReadsWithout.length)} linearizable, ${number(timings.ownReadsWithout.length)} serializable`,
    ],
    advice:
      "This is etcd keeping its promise. Applications must take it: set a deadline on every request, tell `no leader` and time-outs from refusals, and read serializable only where a stale answer will do.",
    setting: votingMembers(input),
  };
};

const recovery: Rule = (input) => {
  const { timings } = input;
  const afterMs = between(timings.removedMs, timings.firstAckMs);
  if (afterMs === null) return null;
  return {
    id: "etcd.recovery-time",
    severity: "info",
    title: `Writes were accepted again ${seconds(afterMs)} after the members were let go`,
    evidence: [
      `a leader after ${secondsOrUnseen(between(timings.removedMs, timings.electedMs))}: ${timings.leaderAfter ?? "unknown"}, term ${timings.termAfter ?? "unknown"}; before: ${timings.leaderBefore ?? "unknown"}, term ${timings.termBefore ?? "unknown"}`,
      "expected: the members' start, and one to three election timeouts (1 s by default)",
    ],
    advice:
      "A lower --election-timeout shortens it; the price: elections for nothing when the network or a disk stalls. It should be at least ten times the round trip between members.",
    setting: votingMembers(input),
  };
};

const failedElections: Rule = (input) => {
  const { termBefore, termAfter } = input.timings;
  if (termBefore === null || termAfter === null || termAfter - termBefore <= calmTermRise) return null;
  return {
    id: "etcd.failed-elections",
    severity: "low",
    title: `The term rose from ${termBefore} to ${termAfter}: ${counted(termAfter - termBefore - 1, "election")} failed`,
    evidence: [`without a quorum the survivor stands for election again and again, and each time raises its term`],
    advice:
      "--pre-vote (on by default since etcd 3.5) asks before raising the term, so that a member which was alone does not unseat a leader when it returns.",
    setting: settingOf(input, "version", "3.5 or later, or --pre-vote", "etcd 3.4: etcd --help"),
  };
};

const unknown: Rule = ({ context }) =>
  unknownOutcomes(context, {
    id: "etcd.unknown-outcomes",
    evidence: ["a request without an answer may still be applied when a quorum returns"],
    advice: "Guard writes with a transaction (create_revision, mod_revision), so that a retry cannot apply twice.",
  });

const kept: Rule = ({ context }) =>
  nothingLost(context, {
    id: "etcd.nothing-lost",
    advice: "One run is one sample: repeat it before quoting it.",
  });

/** Every rule of etcd; the report orders their findings by severity, then as here. */
export const etcdRules: readonly Rule[] = [
  lost,
  acceptedWithoutQuorum,
  diverged,
  failedElections,
  unknown,
  refused,
  recovery,
  kept,
];
