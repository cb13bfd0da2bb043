import { between } from "../observed.ts";
import { rejoinWords } from "../patroni/measures.ts";
import {
  diverged,
  kept,
  lost,
  notRejoined,
  overlapping,
  replicaReads,
  unknown,
  type PatroniRule,
  type PatroniRuleInput,
} from "../patroni/rules.ts";
import type { Finding } from "../report.ts";
import { seconds, secondsOrUnseen } from "../words.ts";

const documentation = "CloudNativePG documentation";
const synchronous: Advised = {
  name: "synchronous_standby_names",
  recommended: "ANY 1 (…), by .spec.postgresql.synchronous, where no acknowledged write may be lost",
  source: `${documentation}, replication, synchronous replication`,
};

interface Advised {
  name: string;
  recommended: string;
  source: string;
}

function settingOf({ history }: PatroniRuleInput, { name, ...advised }: Advised): NonNullable<Finding["setting"]> {
  const found = history.settings.find((entry) => entry.name === name);
  const value = found === undefined ? "not read" : found.value === "" ? "(empty)" : found.value;
  return { name, value, member: found?.member ?? "unknown", ...advised };
}

/** What a rule found, with what is to be done about it here: its title and evidence speak of PostgreSQL alone. */
function advised(rule: PatroniRule, id: string, advice: string, setting?: Advised): PatroniRule {
  return (input) => {
    const found = rule(input);
    if (found === null) return null;
    const { setting: _patroni, ...rest } = found;
    return { ...rest, id, advice, ...(setting === undefined ? {} : { setting: settingOf(input, setting) }) };
  };
}

const lostWrites = advised(
  lost,
  "cnpg.lost-acknowledged-writes",
  "Replication is asynchronous unless it is asked for: what no replica had when the primary was lost is gone. .spec.postgresql.synchronous makes a commit wait for replicas; with dataDurability: required (the default) writes stop when too few are left, and with failoverQuorum: true nobody is promoted who may lack one.",
  synchronous,
);

const twoPrimaries = advised(
  overlapping,
  "cnpg.two-primaries-accepted-writes",
  "The operator takes the label from the old primary and has it stopped before another is promoted. Clients that keep an old connection, or an address of their own, are not led by the label: look who they were, and leave .spec.probes.liveness.isolationCheck on, which stops a primary that reaches neither the API server nor another instance.",
);

const membersDiverge = advised(
  diverged,
  "cnpg.members-diverge",
  "Do not trust lag here: two histories can share a position. Have the operator copy the instance anew: kubectl cnpg destroy CLUSTER INSTANCE.",
);

const noFailover: PatroniRule = (input) => {
  const { timings } = input;
  if (timings.injectedMs === null || timings.promotedMs !== null) return null;
  const back = between(timings.injectedMs, timings.backMs);
  return {
    id: "cnpg.no-failover",
    severity: timings.killed ? "medium" : "high",
    title: "Nobody else was promoted",
    evidence: [
      back === null
        ? `${timings.oldPrimary ?? "the old primary"} was not seen answering again`
        : `${timings.oldPrimary ?? "the old primary"} answered again after ${seconds(back)}`,
      `a replica ${timings.leaderLossSeenMs === null ? "was never seen without its primary" : `received no WAL any more after ${secondsOrUnseen(between(timings.injectedMs, timings.leaderLossSeenMs))}`}`,
    ],
    advice:
      "A primary that is back before the operator acts goes on where it was: an outage, and no failover. If that outage is too long, look at .spec.failoverDelay (0 by default), at the operator's own log, and whether instances are fenced: kubectl cnpg status CLUSTER.",
  };
};

const failoverTime: PatroniRule = (input) => {
  const { timings, application } = input;
  const afterMs = between(timings.injectedMs, timings.firstNewWriteMs);
  if (afterMs === null) return null;
  const after = (atMs: number | null): string => secondsOrUnseen(between(timings.injectedMs, atMs));
  return {
    id: "cnpg.failover-time",
    severity: "info",
    title: `Writes were accepted again after ${seconds(afterMs)}`,
    evidence: [
      `a replica received no WAL any more after ${after(timings.leaderLossSeenMs)}; ${timings.newPrimary ?? "another"} said it was primary after ${after(timings.promotedMs)}; the services' label was on it after ${after(timings.endpointMs)}`,
      ...(application === null
        ? []
        : [`the first write through the application came after ${after(application.firstWriteMs)}`]),
      ...(timings.rejoinedMs === null
        ? []
        : [
            `${timings.oldPrimary ?? "the old primary"} was back as a replica after ${after(timings.rejoinedMs)}, ${rejoinWords[timings.rejoin ?? "unknown"]}`,
          ]),
      "CloudNativePG promises no figure",
    ],
    advice:
      "Of a killed primary the larger part is its lease, which it could not give back: .spec.primaryLease.leaseDurationSeconds, 15 s by default since 1.30. Before, and beside it, counts how soon the operator sees the loss, and .spec.failoverDelay. The price of less: failovers for a network that stalls.",
  };
};

const notBack = advised(
  notRejoined,
  "cnpg.old-primary-not-back",
  "A primary that was lost is rewound by pg_rewind when its pod is back; what cannot be rewound stays down. Look at its log, and have the operator copy it anew: kubectl cnpg destroy CLUSTER INSTANCE.",
);

const readsFailed = advised(
  replicaReads,
  "cnpg.replica-reads-failed",
  "A replica drops connections when it is promoted. Read pools need another replica to turn to, by the service CLUSTER-ro, and retries.",
);

const unknownOutcomes = advised(
  unknown,
  "cnpg.unknown-outcomes",
  "Give each write an id with a unique constraint, so that a retry after a broken connection cannot apply twice.",
);

const nothingLost = advised(
  kept,
  "cnpg.nothing-lost",
  "One run is one sample, and asynchronous replication promises nothing: repeat it before quoting it.",
);

/** What became of the data, whatever the fault was. */
export const cnpgDataRules: readonly PatroniRule[] = [
  lostWrites,
  twoPrimaries,
  membersDiverge,
  readsFailed,
  unknownOutcomes,
  nothingLost,
];

/** Every rule of a lost primary; the report orders their findings by severity, then as here. */
export const cnpgRules: readonly PatroniRule[] = [
  lostWrites,
  twoPrimaries,
  membersDiverge,
  noFailover,
  notBack,
  readsFailed,
  unknownOutcomes,
  failoverTime,
  nothingLost,
];
