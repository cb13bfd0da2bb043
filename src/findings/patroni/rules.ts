import type { History } from "../../probes/history.ts";
import { overlapToleranceMs } from "../double-acceptance.ts";
import type { ApplicationStory } from "../application/story.ts";
import type { JudgeContext } from "../judge.ts";
import type { Finding } from "../report.ts";
import { foldRanges } from "../sets.ts";
import { counted, listed, number, percent, seconds, secondsOrUnseen } from "../words.ts";
import { divergentMembers, totalWrites } from "../write-counts.ts";
import { nothingLost, unknownOutcomes } from "../write-rules.ts";
import { between } from "../observed.ts";
import { divergedWithoutLag, tookLockBack } from "./lock-back-rules.ts";
import { rejoinWords } from "./measures.ts";
import type { PatroniTimings } from "./timings.ts";

export interface PatroniRuleInput {
  history: History;
  context: JudgeContext;
  timings: PatroniTimings;
  /** Null in a run without an application. */
  application: ApplicationStory | null;
}
export type PatroniRule = (input: PatroniRuleInput) => Finding | null;

/** What the training module claims for a Patroni failover, in milliseconds. */
const claimed = { fromMs: 15_000, toMs: 30_000 };
const totalOf = ({ context }: PatroniRuleInput) => totalWrites(context.writes.map(({ counts }) => counts));

const recommendations: Readonly<Record<string, [recommended: string, source: string]>> = {
  ttl: [
    "20 to 30, with loop_wait + 2 × retry_timeout ≤ ttl",
    "Patroni documentation, dynamic configuration (default 30)",
  ],
  synchronous_mode: ["on, where no acknowledged write may be lost", "Patroni documentation, replication modes"],
  maximum_lag_on_failover: ["the loss that is acceptable, in bytes", "Patroni documentation (default 1048576)"],
  retry_timeout: ["3 to 10", "Patroni documentation (default 10)"],
  primary_start_timeout: ["0 to 60", "Patroni documentation, dynamic configuration (default 300)"],
  data_checksums: ["on (initdb --data-checksums, or pg_checksums --enable while stopped)", "PostgreSQL manual, initdb"],
  full_page_writes: ["on", "PostgreSQL manual, write-ahead log settings (default on)"],
  fsync: ["on", "PostgreSQL manual, write-ahead log settings (default on)"],
};

export function settingOf(
  { history }: Pick<PatroniRuleInput, "history">,
  name: string,
): NonNullable<Finding["setting"]> {
  const found = history.settings.find((entry) => entry.name === name);
  const [recommended, source] = recommendations[name] ?? ["", ""];
  return { name, value: found?.value ?? "not set", member: found?.member ?? "unknown", recommended, source };
}

export const lost: PatroniRule = (input) => {
  const { context, timings } = input;
  const total = totalOf(input);
  if ((total.lost ?? 0) === 0) return null;
  return {
    id: "patroni.lost-acknowledged-writes",
    severity: "critical",
    title: `${number(total.lost ?? 0)} of ${counted(total.acknowledged, "acknowledged write")} were lost (${percent(total.lost ?? 0, total.acknowledged)})`,
    evidence: [
      ...context.writes.map(({ client, counts, lost: missing }) => {
        const ranges = foldRanges(missing).slice(0, 3);
        const shown = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
        return `${client}: ${number(counts.lost ?? 0)} of ${number(counts.acknowledged)} lost${shown === "" ? "" : `, numbers ${shown}`}`;
      }),
      ...(timings.lockBackMs === null ? overruled(timings) : [keptByOthers(input)]),
    ],
    advice:
      (timings.lockBackMs === null ? "" : "First mend what let the old primary take the lock back. ") +
      "Replication is asynchronous: what the replicas did not have when the primary was lost, or what a cut-off primary took until it was demoted, is gone. synchronous_mode: true makes a commit wait for a replica (the price: latency, and no writes when no replica is left if strict). maximum_lag_on_failover bounds it otherwise.",
    setting: settingOf(input, "synchronous_mode"),
  };
};

/** What became of the old primary's writes when another was promoted and stayed. */
function overruled(timings: PatroniTimings): string[] {
  return [
    `${timings.oldPrimary ?? "the old primary"} acknowledged them; ${timings.newPrimary ?? "another"} was promoted on timeline ${timings.timelineAfter ?? "unknown"} without them`,
    timings.bytesBeyondFork === null
      ? "how much WAL was thrown away could not be read"
      : `the old primary had written at least ${number(timings.bytesBeyondFork)} bytes of WAL beyond the fork`,
  ];
}

/** Who had acknowledged what the old primary, having taken the lock back, does not have. */
function keptByOthers({ history, context, timings }: PatroniRuleInput): string {
  const lostOf = new Map(context.writes.map(({ client, lost: missing }) => [client, new Set(missing)]));
  const by = new Map<string, number>();
  for (const op of history.operations) {
    if (op.kind !== "write" || op.outcome !== "ok" || lostOf.get(op.client)?.has(op.seq) !== true) continue;
    by.set(op.member ?? "unknown", (by.get(op.member ?? "unknown") ?? 0) + 1);
  }
  const who = [...by].map(([member, times]) => `${number(times)} by ${member}`);
  return `acknowledged: ${listed(who)}; ${timings.oldPrimary ?? "the old primary"} took the lock back and does not have them`;
}

export const overlapping: PatroniRule = (input) => {
  const { overlap, injectedMs } = input.timings;
  if (overlap === null || overlap.toMs - overlap.fromMs <= overlapToleranceMs) return null;
  return {
    id: "patroni.two-primaries-accepted-writes",
    severity: "critical",
    title: `Two primaries accepted writes at once for ${number(Math.round(overlap.toMs - overlap.fromMs))} ms`,
    evidence: [
      `${overlap.newer} acknowledged its first write ${secondsOrUnseen(between(injectedMs, overlap.fromMs))} after the fault`,
      `${overlap.older} went on until ${secondsOrUnseen(between(injectedMs, overlap.toMs))}: ${counted(overlap.byOlder, "write")} in that time`,
    ],
    advice:
      "Patroni must demote before the lock expires. It did not: look for a Patroni that was stopped or starved while PostgreSQL ran on. watchdog.mode: required makes the kernel reset such a machine in time.",
    setting: settingOf(input, "ttl"),
  };
};

export const diverged: PatroniRule = ({ history }) => {
  const differing = divergentMembers(history);
  if (differing.length === 0) return null;
  return {
    id: "patroni.members-diverge",
    severity: "critical",
    title: "Members hold different data after recovery",
    evidence: differing.map(
      (entry) => `${entry.member}: ${counted(entry.differing, "row")} of ${entry.client} not as on the primary`,
    ),
    advice:
      "Do not trust lag here: two histories can share a timeline number and show lag 0. Reinitialise the member from the primary: patronictl reinit.",
  };
};

const noFailover: PatroniRule = (input) => {
  const { timings } = input;
  if (timings.injectedMs === null || timings.promotedMs !== null) return null;
  const back = between(timings.injectedMs, timings.backMs);
  return {
    id: "patroni.no-failover",
    severity: timings.killed ? "medium" : "high",
    title: "Nobody else was promoted",
    evidence: [
      `the lock was ${timings.lockExpiredMs === null ? "never seen free" : `free ${secondsOrUnseen(between(timings.injectedMs, timings.lockExpiredMs))} after the fault`}; ttl is ${settingOf(input, "ttl").value} s`,
      ...(back === null
        ? []
        : [
            `${timings.oldPrimary} answered again after ${seconds(back)}${timings.lockExpiredMs === null ? ", while it still held the lock" : ""}`,
          ]),
    ],
    advice:
      "A primary that is back before ttl keeps its lock and starts again in place: an outage, and no failover. If that outage is too long, lower ttl; if the fault was shorter than ttl, lengthen it.",
    setting: settingOf(input, "ttl"),
  };
};

const failoverTime: PatroniRule = (input) => {
  const { timings, application } = input;
  const afterMs = between(timings.injectedMs, timings.firstNewWriteMs);
  if (afterMs === null) return null;
  const after = (atMs: number | null): string => secondsOrUnseen(between(timings.injectedMs, atMs));
  const place = afterMs < claimed.fromMs ? "below" : afterMs > claimed.toMs ? "above" : "inside";
  return {
    id: "patroni.failover-time",
    severity: afterMs > claimed.toMs ? "medium" : "info",
    title: `Writes were accepted again after ${seconds(afterMs)}`,
    evidence: [
      `the lock was free after ${after(timings.lockExpiredMs)}, taken by another after ${after(timings.lockTakenMs)}; ${timings.newPrimary ?? "it"} said it was primary after ${after(timings.promotedMs)}`,
      `commonly expected of Patroni: 15 to 30 s; measured: ${seconds(afterMs)}, ${place} that`,
      ...(application === null
        ? []
        : [
            `the services' label was on the new primary after ${after(timings.endpointMs)}; the first write through the application came after ${after(application.firstWriteMs)}`,
          ]),
      ...(timings.rejoinedMs === null
        ? []
        : [
            `${timings.oldPrimary ?? "the old primary"} was back as a replica after ${after(timings.rejoinedMs)}, ${rejoinWords[timings.rejoin ?? "unknown"]}`,
          ]),
      `ttl ${settingOf(input, "ttl").value} s, loop_wait ${settingOf(input, "loop_wait").value} s, retry_timeout ${settingOf(input, "retry_timeout").value} s`,
    ],
    advice:
      "Waiting for the lock to expire is the larger part: ttl. 20 is the least that Patroni takes. The price of less: failovers for a network that stalls.",
    setting: settingOf(input, "ttl"),
  };
};

const demotedInTime: PatroniRule = (input) => {
  const { timings } = input;
  const marginMs = between(timings.lastOldWriteMs, timings.promotedMs);
  if (timings.killed || marginMs === null || marginMs < 0) return null;
  return {
    id: "patroni.demoted-before-promotion",
    severity: "info",
    title: `The cut-off primary stopped ${seconds(marginMs)} before another was promoted`,
    evidence: [
      `its last acknowledged write was ${secondsOrUnseen(between(timings.injectedMs, timings.lastOldWriteMs))} after the fault; the promotion ${secondsOrUnseen(between(timings.injectedMs, timings.promotedMs))}`,
      `retry_timeout is ${settingOf(input, "retry_timeout").value} s: so long a primary tries to reach ${lockStore(input)} before it demotes itself`,
    ],
    advice: `This is Patroni's fencing at work. What the primary took alone until then is lost all the same; a lower retry_timeout shortens that time, and demotes for shorter stalls of ${lockStore(input)} too.`,
    setting: settingOf(input, "retry_timeout"),
  };
};

/** Where the lock is kept, for people. */
function lockStore({ history }: PatroniRuleInput): string {
  const driver = history.settings.find(({ name }) => name === "patroni-dcs-driver")?.value;
  return driver === "kubernetes" ? "the Kubernetes API" : "etcd";
}

export const replicaReads: PatroniRule = ({ history, timings }) => {
  const failed = history.operations.filter(
    (op) => op.client === "replica-reads" && op.outcome !== "ok" && op.startMs >= (timings.injectedMs ?? Infinity),
  );
  if (failed.length === 0) return null;
  const errors = new Map<string, number>();
  for (const { error = "unknown" } of failed) errors.set(error, (errors.get(error) ?? 0) + 1);
  return {
    id: "patroni.replica-reads-failed",
    severity: "low",
    title: `${counted(failed.length, "read")} from replicas failed, though no replica was touched`,
    evidence: [[...errors].map(([name, times]) => `${name} × ${number(times)}`).join(", ")],
    advice:
      "A replica restarts or drops connections when it follows a new primary or is promoted. Read pools need another replica to turn to, and retries.",
  };
};

export const notRejoined: PatroniRule = ({ timings }) => {
  // One that took the lock back is the primary, which is a finding of its own.
  if (timings.promotedMs === null || timings.rejoinedMs !== null || timings.lockBackMs !== null) return null;
  return {
    id: "patroni.old-primary-not-back",
    severity: "high",
    title: `${timings.oldPrimary ?? "The old primary"} did not return as a replica`,
    evidence: ["it was not seen running as a replica on the new timeline before the run ended"],
    advice:
      "Without pg_rewind (use_pg_rewind, and wal_log_hints or data checksums) a diverged primary cannot rejoin: patronictl reinit.",
  };
};

export const unknown: PatroniRule = ({ context }) =>
  unknownOutcomes(context, {
    id: "patroni.unknown-outcomes",
    evidence: ["the connection broke, or no answer came in time; a commit may have happened all the same"],
    advice:
      "Give each write an id with a unique constraint, so that a retry after a broken connection cannot apply twice.",
  });

export const kept: PatroniRule = ({ context }) =>
  nothingLost(context, {
    id: "patroni.nothing-lost",
    advice: "One run is one sample, and asynchronous replication promises nothing: repeat it before quoting it.",
  });

/** What became of the data, whatever the fault was. */
export const patroniDataRules: readonly PatroniRule[] = [lost, overlapping, diverged, replicaReads, unknown, kept];

/** Every rule of PostgreSQL with Patroni; the report orders their findings by severity, then as here. */
export const patroniRules: readonly PatroniRule[] = [
  tookLockBack,
  lost,
  overlapping,
  divergedWithoutLag,
  diverged,
  noFailover,
  notRejoined,
  replicaReads,
  unknown,
  demotedInTime,
  failoverTime,
  kept,
];
