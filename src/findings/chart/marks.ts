import type { History } from "../../probes/history.ts";
import { readEtcdTimings } from "../etcd/timings.ts";
import { readKafkaTimings } from "../kafka/timings.ts";
import { readPatroniTimings } from "../patroni/timings.ts";
import { readRabbitTimings } from "../rabbitmq/timings.ts";
import { readTimings } from "../redis-sentinel/timings.ts";

/** A moment worth a line in the picture. */
export interface Mark {
  atS: number;
  text: string;
}

type Moment = [atMs: number | null, text: string];

function redisMoments(history: History): Moment[] {
  const timings = readTimings(history);
  const common: Moment[] = [
    [timings.injectedMs, timings.killed === null ? "injected" : "killed"],
    [timings.sdownMs, "+sdown"],
    [timings.odownMs, "+odown"],
    [timings.switchMs, "+switch-master"],
  ];
  return timings.killed === null
    ? [...common, [timings.removedMs, "healed"], [timings.demotedMs, "old master demoted"]]
    : [...common, [timings.backMs, `${timings.killed} back`], [timings.demotedMs, "now a replica"]];
}

function etcdMoments(history: History): Moment[] {
  const timings = readEtcdTimings(history);
  return [
    [timings.injectedMs, "members down"],
    [timings.leaderlessMs, "no leader"],
    [timings.removedMs, "let go"],
    [timings.electedMs, "leader"],
    [timings.firstAckMs, "first write"],
  ];
}

function patroniMoments(history: History): Moment[] {
  const timings = readPatroniTimings(history);
  const common: Moment[] = [
    [timings.injectedMs, timings.killed ? "killed" : "cut off"],
    [timings.lockExpiredMs, "lock free"],
    [timings.promotedMs, "promoted"],
  ];
  return timings.killed
    ? [...common, [timings.backMs, `${timings.oldPrimary} back`], [timings.rejoinedMs, "now a replica"]]
    : [
        ...common,
        [timings.demotedMs, "demoted"],
        [timings.removedMs, "healed"],
        [timings.lockBackMs, "lock taken back"],
        [timings.rejoinedMs, "rejoined"],
      ];
}

function kafkaMoments(history: History): Moment[] {
  const timings = readKafkaTimings(history);
  return [
    [timings.injectedMs, "killed"],
    [timings.controllerElectedMs, "controller"],
    [timings.electedMs, "leader, ISR shrunk"],
    [timings.firstAckMs, "first write"],
    [timings.isrBackMs, `${timings.killed ?? "broker"} in sync`],
  ];
}

function rabbitMoments(history: History): Moment[] {
  const timings = readRabbitTimings(history);
  return [
    [timings.injectedMs, "killed"],
    [timings.backMs, `${timings.killed ?? "the node"} back`],
  ];
}

/** When each step of a backup's exercise was over. */
function backupMoments(history: History): Moment[] {
  const at = (name: string): number | null =>
    history.events.findLast(({ source, event }) => source === "backup" && event === name)?.atMs ?? null;
  return [
    [at("dataset"), "data made"],
    [at("backup"), "dumped"],
    [at("loss"), "third lost"],
    [at("restored"), "restored"],
    [at("backup-found"), "found"],
    [at("backup-missing"), "missing"],
    [at("backup-fetched"), "fetched"],
    [at("backup-restored"), "restored"],
  ];
}

const moments: Readonly<Record<string, (history: History) => Moment[]>> = {
  "redis-sentinel": redisMoments,
  etcd: etcdMoments,
  patroni: patroniMoments,
  "cloudnative-pg": patroniMoments,
  kafka: kafkaMoments,
  rabbitmq: rabbitMoments,
  "postgres-backup": backupMoments,
  "postgres-backup-check": backupMoments,
};

/** The moments of a run, in order; of a system without moments of its own, those of Redis that any run has. */
export function readMarks(history: History): Mark[] {
  const known = (moments[history.header.system] ?? redisMoments)(history);
  return known
    .flatMap(([atMs, text]) => (atMs === null ? [] : [{ atS: atMs / 1000, text }]))
    .toSorted((a, b) => a.atS - b.atS);
}
