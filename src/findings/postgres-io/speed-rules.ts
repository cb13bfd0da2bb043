import type { TimelineEvent } from "../../probes/history.ts";
import { backBoundMs } from "../../probes/postgres-io/samples.ts";
import { numberOrNull } from "../observed.ts";
import { settingOf } from "../patroni/rules.ts";
import { number, seconds } from "../words.ts";
import type { IoRule, IoRuleInput } from "./rule.ts";
import { shortTime, times, type Speed } from "./speeds.ts";

/** What the training module expects of a delay of 100 ms, as factors. */
const expected: Readonly<Record<string, { from: number; to: number; words: string }>> = {
  "cached-read": { from: 10, to: 50, words: "reads 10 to 50x" },
  "last-rows": { from: 10, to: 50, words: "reads 10 to 50x" },
  "cold-read": { from: 10, to: 50, words: "reads 10 to 50x" },
  write: { from: 5, to: 20, words: "writes 5 to 20x" },
};
/** Below this the fault is not what made the difference. */
const noticeableFactor = 2;
/** A connection that takes longer than an application's usual time-out for it is no connection. */
const longConnectionMs = 1000;

export function speedOf({ speeds }: IoRuleInput, query: string): Speed | undefined {
  return speeds.find((speed) => speed.query === query);
}

const isLatency = ({ history }: IoRuleInput): boolean =>
  history.events.some(({ event, detail }) => event === "fault-injected" && detail["action"] === "latency");

/** One line per query: figures, sample counts, and the module's expectation beside the factor. */
function speedLine({
  query,
  title,
  beforeMs,
  duringMs,
  factor,
  answered,
  failed,
  readDuring,
  hitDuring,
}: Speed): string {
  const claim = expected[query];
  const place =
    claim === undefined || factor === null
      ? ""
      : `; the module expects ${claim.words}: ${factor < claim.from ? "less" : factor > claim.to ? "more" : "as expected"}`;
  const buffers =
    readDuring === null
      ? ""
      : readDuring === 0
        ? `; served from shared buffers (${hitDuring ?? 0} hit, 0 read)`
        : `; ${readDuring} pages read from the volume`;
  const unanswered = failed.during === 0 ? "" : `, ${failed.during} unanswered`;
  return `${title}: ${shortTime(beforeMs)} → ${shortTime(duringMs)}${factor === null ? "" : `, ${times(factor)}`} (medians of ${answered.before} and ${answered.during}${unanswered})${place}${buffers}`;
}

const slower: IoRule = (input) => {
  const write = speedOf(input, "write");
  if (!isLatency(input) || write?.factor === null || write === undefined) return null;
  const worst = Math.max(write.factor, speedOf(input, "cold-read")?.factor ?? 0);
  if (worst < noticeableFactor) return null;
  const cold = speedOf(input, "cold-read")?.factor ?? null;
  const waits = commonWaits(input.history.events);
  return {
    id: "postgres-io.slower",
    severity: write.factor >= 10 ? "high" : "medium",
    title: `Writes were ${times(write.factor)} slower (${shortTime(write.beforeMs)} → ${shortTime(write.duringMs)})${cold === null ? "" : `, cold reads ${times(cold)}`}`,
    evidence: [
      ...input.speeds.filter(({ answered }) => answered.before > 0 && answered.during > 0).map(speedLine),
      ...(waits === null ? ["no wait events were seen"] : [`what backends waited for, once a second: ${waits}`]),
      ...statisticsLines(input.history.events),
    ],
    advice:
      "A commit waits for the write and the sync of the log, and for one of each at least: it can be no quicker than twice the delay. Put pg_wal on its own volume, commit in batches, and alert on commit latency, not on the primary's being up. The injector costs something too: the same run with percent=0 shows how much.",
  };
};

/** A query that read nothing from the volume cannot have been slowed by it, whatever its time was. */
const fromBuffers: IoRule = (input) => {
  const cached = input.speeds.filter(({ readDuring, duringMs }) => readDuring === 0 && duringMs !== null);
  if (!isLatency(input) || cached.length === 0) return null;
  return {
    id: "postgres-io.served-from-shared-buffers",
    severity: "info",
    title: "Reads of cached rows did not touch the volume",
    evidence: [
      ...cached.map(speedLine),
      `what they took longer is the machine's and the injector's own, not the delay's; shared_buffers is ${settingOf(input, "shared_buffers").value} pages of 8 kB`,
    ],
    advice:
      "A test that only reads what is in memory proves nothing about the disk. What is not in shared buffers takes the delay once a page: see the cold read.",
  };
};

const slowConnection: IoRule = (input) => {
  const connection = speedOf(input, "connection");
  const tookMs = connection?.duringMs ?? null;
  if (connection === undefined || !isLatency(input)) return null;
  const never = tookMs === null && connection.failed.during > 0;
  if (!never && (tookMs === null || tookMs < longConnectionMs)) return null;
  return {
    id: "postgres-io.slow-connections",
    severity: "high",
    title: never
      ? "No new connection was answered while the volume was slow"
      : `A new connection took ${shortTime(tookMs)} (before: ${shortTime(connection.beforeMs)})`,
    evidence: [speedLine(connection), "a backend reads files of its own before it answers its first query"],
    advice:
      "An application that connects anew after a time-out makes a slow disk an outage: keep connections in a pool, and give connect_timeout more than this, or the pool drains while the database still answers.",
  };
};

const notBack: IoRule = (input) => {
  const write = speedOf(input, "write");
  if (write?.beforeMs == null || write.afterMs === null) return null;
  if (write.afterMs <= backBoundMs(write.beforeMs)) return null;
  return {
    id: "postgres-io.not-back-at-baseline",
    severity: "high",
    title: `Writes stayed slower after the fault was gone: ${shortTime(write.afterMs)}, before ${shortTime(write.beforeMs)}`,
    evidence: [`median of ${write.answered.after} writes; allowed were ${shortTime(backBoundMs(write.beforeMs))}`],
    advice:
      "See the proof of healing: a fault layer that is left on the volume goes when its pod is restarted. If none is left, look for a checkpoint, a vacuum or a replica that catches up.",
  };
};

const lagGrew: IoRule = (input) => {
  const { injectedMs, removedMs } = input.timings.patroni;
  if (injectedMs === null) return null;
  const lag = input.history.events.filter(({ event }) => event === "replication-lag");
  const most = (from: number, to: number): TimelineEvent | undefined =>
    lag
      .filter(({ atMs }) => atMs >= from && atMs < to)
      .toSorted((a, b) => Number(b.detail["bytes"] ?? 0) - Number(a.detail["bytes"] ?? 0))[0];
  const before = most(0, injectedMs);
  const during = most(injectedMs, removedMs ?? Number.POSITIVE_INFINITY);
  if (during === undefined) return null;
  const bytes = numberOrNull(during.detail["bytes"]) ?? 0;
  const ms = numberOrNull(during.detail["ms"]);
  const setting = settingOf(input, "maximum_lag_on_failover");
  const tooFar = bytes > Number(setting.value);
  if (!isLatency(input) && !tooFar) return null;
  return {
    id: "postgres-io.replication-lag",
    severity: tooFar ? "high" : "info",
    title: `Replication lag was at most ${number(bytes)} bytes under the fault`,
    evidence: [
      `${String(during.detail["replica"])}: ${number(bytes)} bytes${ms === null ? "" : `, ${seconds(ms)}`}; before the fault at most ${before === undefined ? "an unobserved amount" : `${number(Number(before.detail["bytes"]))} bytes`}`,
      `${lag.filter(({ atMs }) => atMs >= injectedMs).length} looks at pg_stat_replication, once a second`,
    ],
    advice: tooFar
      ? "No replica this far behind may be promoted: the primary could not have failed over. What the replicas lack is lost with the primary."
      : "A slow disk on the primary slows its commits, not its replicas, so that these keep up: lag does not tell you of it.",
    setting,
  };
};

/** `IO/WALSync 14, IO/DataFileRead 3`; null: none was seen. */
function commonWaits(events: readonly TimelineEvent[]): string | null {
  const counts = new Map<string, number>();
  for (const { event, detail } of events) {
    if (event !== "waits") continue;
    for (const [name, count] of Object.entries(detail)) counts.set(name, (counts.get(name) ?? 0) + Number(count));
  }
  const top = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, 5);
  return top.length === 0 ? null : top.map(([name, count]) => `${name} ${count}`).join(", ");
}

/** What the server counted over the exercise, by its own statistics. */
function statisticsLines(events: readonly TimelineEvent[]): string[] {
  const of = (stage: string) => events.find(({ event, detail }) => event === "statistics" && detail["stage"] === stage);
  const before = of("before");
  const after = of("after");
  if (before === undefined || after === undefined || before.source !== after.source) return [];
  const grown = (name: string): number | null => {
    const [from, to] = [numberOrNull(before.detail[name]), numberOrNull(after.detail[name])];
    return from === null || to === null ? null : to - from;
  };
  const shown = [
    ["wal-bytes", "bytes of WAL"],
    ["buffers-alloc", "buffers allocated (pg_stat_bgwriter)"],
    ["io-reads", "reads (pg_stat_io)"],
    ["io-writes", "writes (pg_stat_io)"],
    ["io-fsyncs", "fsyncs (pg_stat_io)"],
  ].flatMap(([name = "", words = ""]) => {
    const value = grown(name);
    return value === null ? [] : [`${number(value)} ${words}`];
  });
  const missing = numberOrNull(after.detail["io-reads"]) === null ? "; pg_stat_io needs PostgreSQL 16" : "";
  return [
    `by the server's own statistics from before to after: ${shown.join(", ")}${missing}`,
    `WAL position ${String(before.detail["wal-lsn"])} → ${String(after.detail["wal-lsn"])}`,
  ];
}

export const speedRules: readonly IoRule[] = [slower, slowConnection, notBack, lagGrew, fromBuffers];
