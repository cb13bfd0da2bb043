import type { History } from "../../probes/history.ts";
import { applicationMeasures } from "../application/measures.ts";
import { applicationFindings } from "../application/rules.ts";
import { readApplication } from "../application/story.ts";
import { durationBoundMs } from "../duration-bound.ts";
import type { Judge, JudgeContext } from "../judge.ts";
import { between } from "../observed.ts";
import { inCnpgWords } from "../cloudnative-pg/io-words.ts";
import { managedByCnpg } from "../cloudnative-pg/manager.ts";
import { cnpgDataRules } from "../cloudnative-pg/rules.ts";
import { patroniDataRules } from "../patroni/rules.ts";
import { counted, listed, number, seconds, sentence } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { differingContent, isCorrupt, readChecks } from "./checks.ts";
import { consistencyRules } from "./consistency-rules.ts";
import { failoverRules } from "./failover-rules.ts";
import { ioMeasures } from "./measures.ts";
import type { IoRuleInput } from "./rule.ts";
import { readSpeeds, shortTime } from "./speeds.ts";
import { speedRules } from "./speed-rules.ts";
import { readIoTimings } from "./timings.ts";

/** Queries that are held against `maxLatency`: what the module measures, on a connection that is open. */
const bounded: ReadonlySet<string> = new Set(["cached-read", "last-rows", "write", "cold-read"]);

/**
 * Judges a run with an I/O fault on the primary's volume. Refuted by a lost acknowledged write, by members that differ
 * or are damaged, by writes that came back later than `maxOutage`, by a median above `maxLatency`, and by a server that
 * did not recover. A failover, or none, refutes nothing by itself.
 */
export const judgePostgresIo: Judge = (history, context) => {
  const timings = readIoTimings(history);
  const input: IoRuleInput = { history, context, timings, speeds: readSpeeds(history), checks: readChecks(history) };
  const { injectedMs, promotedMs, oldPrimary: oldMember, newPrimary: newMember } = timings.patroni;
  const application = readApplication(history, {
    injectedMs,
    promotedMs,
    oldMember,
    newMember,
    deadMs: timings.downMs,
  });
  const data = { history, context, timings: timings.patroni, application };
  const byCnpg = managedByCnpg(history);
  const storage = [...consistencyRules, ...failoverRules, ...speedRules].flatMap((rule) => rule(input) ?? []);
  const findings = [
    ...(byCnpg ? storage.map(inCnpgWords) : storage),
    ...(byCnpg ? cnpgDataRules : patroniDataRules).flatMap((rule) => rule(data) ?? []),
    ...applicationFindings(history, context, application),
  ];
  const writableMs = writableAgain(history, context);
  const measures = [...ioMeasures(input, writableMs), ...applicationMeasures(application)];
  const [reason] = context.unsound;
  if (reason !== undefined) {
    return { hypothesis: "inconclusive", because: `Nothing can be concluded: ${reason}.`, measures, findings };
  }
  const problems = problemsOf(input, writableMs);
  if (problems.length > 0) {
    return { hypothesis: "refuted", because: sentence(listed(problems)), measures, findings };
  }
  const { acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const write = input.speeds.find(({ query }) => query === "write");
  const slow =
    write?.duringMs == null ? "" : `, a write took ${shortTime(write.duringMs)} (${shortTime(write.beforeMs)} before)`;
  const back =
    writableMs === null || writableMs === 0
      ? "Writes never stopped"
      : `Writes were accepted again after ${seconds(writableMs)}`;
  return {
    hypothesis: "held",
    because: `${back}${slow}, all ${counted(acknowledged, "acknowledged write")} survived, and every member's data is sound.`,
    measures,
    findings,
  };
};

function problemsOf(input: IoRuleInput, writableMs: number | null): string[] {
  const { history, context, timings, speeds, checks } = input;
  const { lost, acknowledged } = totalWrites(context.writes.map(({ counts }) => counts));
  const maxOutageMs = durationBoundMs(context, "maxOutage");
  const maxLatencyMs = durationBoundMs(context, "maxLatency");
  const damaged = checks.filter(isCorrupt).map(({ member }) => member);
  const slow = speeds.filter(
    ({ query, duringMs }) => maxLatencyMs !== null && bounded.has(query) && (duringMs ?? 0) > maxLatencyMs,
  );
  return [
    ...((lost ?? 0) > 0 ? [`${number(lost ?? 0)} of ${counted(acknowledged, "acknowledged write")} were lost`] : []),
    ...(damaged.length > 0 ? [`the data on ${listed(damaged)} is damaged`] : []),
    ...(divergentMembers(history).length + differingContent(checks).length > 0 ? ["members hold different data"] : []),
    ...(maxOutageMs !== null && writableMs === null ? ["writes were not accepted again"] : []),
    ...(maxOutageMs !== null && writableMs !== null && writableMs > maxOutageMs
      ? [
          `writes were accepted again after ${seconds(writableMs)}, later than ${seconds(maxOutageMs)}${timings.patroni.promotedMs === null ? ": nobody else was promoted" : ""}`,
        ]
      : []),
    ...slow.map(
      ({ title, duringMs }) => `the ${title} took ${shortTime(duringMs)}, longer than ${shortTime(maxLatencyMs)}`,
    ),
    ...(timings.downMs !== null && timings.recoveredMs === null ? ["the old primary did not recover by itself"] : []),
  ];
}

/**
 * From the fault until the client that follows the primary writes again for good: the end of its last outage that began
 * under the fault. 0: it had none. Null: it never wrote again, or the fault was not seen.
 */
function writableAgain({ events }: History, { outages }: JudgeContext): number | null {
  const at = (name: string): number | null => events.find(({ event }) => event === name)?.atMs ?? null;
  const injectedMs = at("fault-injected");
  if (injectedMs === null) return null;
  const removedMs = at("fault-removed") ?? Number.POSITIVE_INFINITY;
  const own = outages.filter(
    ({ probe, startMs, endMs }) =>
      probe === "follower" && startMs <= removedMs && (endMs ?? Number.POSITIVE_INFINITY) >= injectedMs,
  );
  const last = own.at(-1);
  return last === undefined ? 0 : between(injectedMs, last.endMs);
}
