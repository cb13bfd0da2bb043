import { healthClient, writeClient } from "../../probes/application/clients.ts";
import type { History } from "../../probes/history.ts";
import type { JudgeContext } from "../judge.ts";
import { between } from "../observed.ts";
import type { Finding } from "../report.ts";
import { counted, number, seconds, secondsOrUnseen } from "../words.ts";
import type { ApplicationStory } from "./story.ts";

export interface ApplicationRuleInput {
  history: History;
  context: JudgeContext;
  story: ApplicationStory;
}
type Rule = (input: ApplicationRuleInput) => Finding | null;

/** What the training module expects of an application after a promotion, in milliseconds. */
const claimed = { fromMs: 5000, toMs: 15_000 };
/** A dead connection that is kept longer than this is noticed by its users, not by the pool. */
const promptMs = 5000;
/** An outage shorter than this is no time to ask for the health in. */
const leastOutageMs = 1000;

const recommendations: Readonly<Record<string, [recommended: string, source: string]>> = {
  connectionTimeoutMs: ["2000 or less", "node-postgres documentation, Pool (default 0: waits for ever)"],
  keepAlive: [
    "true, and tcp_user_timeout or a query timeout of seconds",
    "PostgreSQL manual, libpq keepalives and tcp_user_timeout (the kernel's own: 2 hours)",
  ],
  queryTimeoutMs: ["a few seconds, longer than the slowest query", "node-postgres documentation (default: no limit)"],
  max: [
    "what the database serves at once, and no more",
    "node-postgres documentation, Pool (default 10); PostgreSQL manual, max_connections",
  ],
  host: [
    "several hosts with target_session_attrs=read-write; another pool on the replicas for reads",
    "PostgreSQL manual, libpq, target_session_attrs",
  ],
};

function settingOf({ history }: ApplicationRuleInput, name: string): NonNullable<Finding["setting"]> {
  const found = history.settings.find((entry) => entry.name === `pool.${name}`);
  const [recommended, source] = recommendations[name] ?? ["", ""];
  return {
    name: `pool.${name}`,
    value: found?.value ?? "not known",
    member: found?.member ?? "the application",
    recommended,
    source,
  };
}

const wroteAgain = ({ context }: ApplicationRuleInput): boolean =>
  !context.outages.some((outage) => outage.probe === writeClient && outage.endMs === null);

const reconnected: Rule = (input) => {
  const { injectedMs, promotedMs, firstWriteMs, reconnectMs, unknownWrites } = input.story;
  const afterMs = between(injectedMs, firstWriteMs);
  if (afterMs === null) return null;
  const place =
    reconnectMs === null || reconnectMs < claimed.fromMs ? "below" : reconnectMs > claimed.toMs ? "above" : "inside";
  return {
    id: "application.reconnected",
    severity: reconnectMs !== null && reconnectMs > claimed.toMs ? "medium" : place === "inside" ? "low" : "info",
    title: `The first write through the application came ${seconds(afterMs)} after the fault${reconnectMs === null ? "" : `, ${seconds(reconnectMs)} after the promotion`}`,
    evidence: [
      `promotion ${secondsOrUnseen(between(injectedMs, promotedMs))} after the fault`,
      ...(reconnectMs === null
        ? []
        : [`commonly expected of an application: 5 to 15 s more; measured: ${seconds(reconnectMs)}, ${place} that`]),
      `${counted(unknownWrites, "write")} through the application ended unknown`,
      `connection timeout ${settingOf(input, "connectionTimeoutMs").value} ms, query timeout ${settingOf(input, "queryTimeoutMs").value} ms, keep-alive ${settingOf(input, "keepAlive").value}`,
    ],
    advice:
      "An application is back when it finds the new primary and lets go of the old one. A connection timeout of 2 s or less, TCP keep-alive and a query timeout bound how long that takes; where the driver can, several hosts with target_session_attrs=read-write spare it the wait for a name to change.",
    setting: settingOf(input, "connectionTimeoutMs"),
  };
};

const notRecovered: Rule = (input) => {
  const { injectedMs, pool } = input.story;
  const empty = pool !== null && pool.totalAtEnd === 0;
  if (injectedMs === null || (wroteAgain(input) && !empty)) return null;
  return {
    id: "application.not-recovered",
    severity: "high",
    title: empty
      ? "The application's pool had no connection at the end"
      : "The application did not write again before the end",
    evidence: [
      pool === null
        ? "its pool could not be read"
        : `at the end ${counted(pool.totalAtEnd, "connection")}; ${counted(pool.connectErrors, "attempt")} to get one failed since the fault`,
      `it connects to ${settingOf(input, "host").value}`,
    ],
    advice:
      "The database took writes again, and the application did not follow. Look what its name for the database resolves to, whether it keeps an address for ever, and whether its pool throws broken connections away.",
    setting: settingOf(input, "host"),
  };
};

const poolBroken: Rule = (input) => {
  const { pool } = input.story;
  if (pool === null || pool.broken === 0) return null;
  const keptMs = pool.keptDeadMs;
  return {
    id: "application.pool-broken",
    severity: keptMs !== null && keptMs > promptMs ? "medium" : "info",
    title: `The application's pool lost ${counted(pool.broken, "connection")}${keptMs === null ? "" : ` and was rid of the last ${seconds(keptMs)} after the old primary was gone`}`,
    evidence: [
      `at the fault ${pool.before.active} active, ${pool.before.idle} idle, ${pool.before.waiting} waiting`,
      `without any connection for ${seconds(pool.emptyMs)}; ${counted(pool.connectErrors, "attempt")} to get one failed`,
    ],
    advice:
      "A process that dies has its connections closed by the kernel, and the pool hears of it at once. A machine or a network that goes silent closes nothing: only keep-alive, tcp_user_timeout or a query timeout find those connections dead.",
    setting: settingOf(input, "keepAlive"),
  };
};

const poolExhausted: Rule = (input) => {
  const { pool } = input.story;
  if (pool === null || pool.waitingPeak === 0) return null;
  const max = Number(settingOf(input, "max").value);
  return {
    id: "application.pool-exhausted",
    severity: max > 0 && pool.waitingPeak >= max ? "medium" : "low",
    title: `Up to ${counted(pool.waitingPeak, "request")} waited for a connection at once`,
    evidence: [
      `the pool has at most ${settingOf(input, "max").value} connections; at the fault ${pool.before.active} were active`,
      `a request waits at most ${settingOf(input, "connectionTimeoutMs").value} ms`,
    ],
    advice:
      "While the database is away every request holds a place in the pool until its time-out, and the next ones queue behind it. Short time-outs keep the queue short; a larger pool only moves it into the database.",
    setting: settingOf(input, "max"),
  };
};

const readsFailed: Rule = (input) => {
  const { failedReads, reads } = input.story;
  if (failedReads === 0) return null;
  return {
    id: "application.reads-failed",
    severity: "low",
    title: `${number(failedReads)} of ${counted(reads, "read")} through the application failed after the fault`,
    evidence: [`it reads and writes through one pool, on ${settingOf(input, "host").value}`],
    advice:
      "Reads that may be a moment old need not fail with the primary: a second pool on the replicas' service answers them all through a failover.",
    setting: settingOf(input, "host"),
  };
};

const healthyWithoutWrites: Rule = (input) => {
  const { history, context, story } = input;
  const outages = context.outages.filter(
    (outage) =>
      outage.probe === writeClient &&
      outage.startMs >= (story.injectedMs ?? Number.POSITIVE_INFINITY) &&
      (outage.lengthMs ?? Number.POSITIVE_INFINITY) >= leastOutageMs,
  );
  const wrong = history.operations.filter(
    (op) =>
      op.client === healthClient &&
      op.outcome === "ok" &&
      outages.some(({ startMs, endMs }) => op.startMs > startMs && op.endMs < (endMs ?? Number.POSITIVE_INFINITY)),
  );
  if (wrong.length === 0) return null;
  return {
    id: "application.healthy-without-writes",
    severity: "low",
    title: `${counted(wrong.length, "health check")} said 200 while no write got through`,
    evidence: outages.map(
      ({ startMs, lengthMs }) =>
        `no write from ${seconds(startMs - (story.injectedMs ?? 0))} after the fault on, for ${lengthMs === null ? "the rest of the run" : seconds(lengthMs)}`,
    ),
    advice:
      "Whoever routes by this health check sends writers to where none is taken. Let it ask for a primary (pg_is_in_recovery), or give readers and writers checks of their own.",
  };
};

/** Every rule of an application that uses the system under test. */
export const applicationRules: readonly Rule[] = [
  notRecovered,
  reconnected,
  poolBroken,
  poolExhausted,
  readsFailed,
  healthyWithoutWrites,
];

/** What the rules find; nothing in a run without an application. */
export function applicationFindings(
  history: History,
  context: JudgeContext,
  story: ApplicationStory | null,
): Finding[] {
  return story === null ? [] : applicationRules.flatMap((rule) => rule({ history, context, story }) ?? []);
}
