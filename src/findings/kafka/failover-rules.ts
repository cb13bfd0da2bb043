import { between } from "../observed.ts";
import { counted, listed, number, seconds, secondsOrUnseen } from "../words.ts";
import { numberOf, valueOf, type Rule, type RuleInput } from "./rule.ts";
import { settingOf } from "./settings.ts";
import type { ProducerTrouble } from "./timings.ts";

/** Ended sooner than this, by the middle one, an operation failed at once; a wait for replicas takes seconds. */
const atOnceMs = 100;
/** A failover that takes this much longer than the session time-out has another cause than it. */
const slowMs = 5000;

const behaviour = (trouble: ProducerTrouble): string =>
  `${trouble.client}: not acknowledged for ${trouble.toMs === null ? "the rest of the run" : seconds(trouble.toMs - trouble.fromMs)}; ${listed(
    trouble.errors.map(
      ({ error, outcome, count, medianMs }) =>
        `${error} × ${number(count)} (${outcome}, usually after ${number(Math.round(medianMs))} ms)`,
    ),
  )}`;
const troubleOf = ({ timings }: RuleInput, client: string): ProducerTrouble | undefined =>
  timings.producers.find((entry) => entry.client === client);

/** The module's first question, for the partition whose leader died. */
export const withoutLeader: Rule = (input) => {
  const trouble = troubleOf(input, "producer");
  if (trouble === undefined || input.timings.killed === null) return null;
  const failed = trouble.errors.filter(({ outcome }) => outcome === "fail").reduce((sum, { count }) => sum + count, 0);
  const all = trouble.errors.reduce((sum, { count }) => sum + count, 0);
  return {
    id: "kafka.acks-all-without-leader",
    severity: "info",
    title: `Producers with acks=all to the killed leader's partition ${failed * 2 > all ? "failed" : "did not know"}, and ${trouble.medianMs < atOnceMs ? "at once" : `after ${seconds(trouble.medianMs)}`}`,
    evidence: [
      behaviour(trouble),
      `the metadata named ${input.timings.killed} as leader for ${secondsOrUnseen(between(input.timings.injectedMs, input.timings.electedMs))} after the kill: a client can only try it again`,
    ],
    advice:
      "The brokers say nothing until there is another leader. Kafka's own producer hides this time in its retries, as long as delivery.timeout.ms allows, and its buffer (buffer.memory) holds what comes meanwhile; then send() blocks for max.block.ms.",
    setting: settingOf(input.history, "delivery.timeout.ms"),
  };
};

/** The module's first question, for a partition that only lost a follower. */
export const waitedForIsr: Rule = (input) => {
  const trouble = troubleOf(input, "other-producer");
  const { timings } = input;
  if (trouble === undefined || timings.killed === null) return null;
  return {
    id: "kafka.acks-all-waits-for-isr",
    severity: "medium",
    title: `A partition that only lost a follower acknowledged nothing for ${trouble.toMs === null ? "the rest of the run" : seconds(trouble.toMs - trouble.fromMs)}: acks=all waits for the ISR to shrink`,
    evidence: [
      behaviour(trouble),
      `its leader was alive all the time; ${timings.killed} left its in-sync replicas ${secondsOrUnseen(between(timings.injectedMs, timings.otherShrunkMs))} after the kill`,
      `replica.lag.time.max.ms is ${valueOf(input.history, "replica.lag.time.max.ms")}, broker.session.timeout.ms ${valueOf(input.history, "broker.session.timeout.ms")}: the shorter of the two ends the wait`,
    ],
    advice:
      "acks=all waits for every replica that is in sync by the controller's book, also for one that is dead, until it is struck off. One dead broker so stops writes to all partitions that it follows, not only to those that it led. A lower broker.session.timeout.ms shortens it; the price: a broker that pauses for that long loses its leaderships.",
    setting: settingOf(input.history, "replica.lag.time.max.ms"),
  };
};

export const electionTime: Rule = ({ history, timings }) => {
  const afterMs = between(timings.injectedMs, timings.electedMs);
  if (afterMs === null) return null;
  const sessionMs = numberOf(history, "broker.session.timeout.ms", timings.killed);
  const ackMs = between(timings.electedMs, timings.firstAckMs);
  const late = sessionMs !== null && afterMs > sessionMs + slowMs;
  return {
    id: "kafka.election-time",
    severity: late ? "medium" : "info",
    title: `${timings.newLeader ?? "Another broker"} was leader ${seconds(afterMs)} after the kill`,
    evidence: [
      `epoch ${timings.epochBefore ?? "unknown"} → ${timings.epochAfter ?? "unknown"}; broker.session.timeout.ms is ${sessionMs ?? "unknown"}, heartbeats every ${valueOf(history, "broker.heartbeat.interval.ms")} ms`,
      timings.controllerElectedMs === null
        ? `${timings.controllerBefore ?? "the controller"} stayed the active controller`
        : `the active controller died too: ${timings.controllerAfter ?? "another"} took over after ${secondsOrUnseen(between(timings.injectedMs, timings.controllerElectedMs))}, and counts the session time-out anew`,
      `first acknowledged write ${secondsOrUnseen(between(timings.injectedMs, timings.firstAckMs))} after the kill, ${secondsOrUnseen(ackMs)} after the election: the other in-sync replica must fetch from the new leader first, and a fetcher that had failed waits replica.fetch.backoff.ms (${valueOf(history, "replica.fetch.backoff.ms")})`,
      `expected: the session time-out and a moment; ${sessionMs === null ? "it could not be read" : late ? `this took ${seconds(afterMs - sessionMs)} longer` : "held"}`,
    ],
    advice:
      "The session time-out is nearly all of it: a broker that is killed says no goodbye, and is missed only then. One that is stopped in order (SIGTERM, controlled shutdown) hands its leaderships over first. 6000 with heartbeats of 1000 shortens an unclean one; the price: long pauses of a healthy broker cost it its leaderships.",
    setting: settingOf(history, "broker.session.timeout.ms", timings.killed),
  };
};

export const noElection: Rule = ({ history, timings }) => {
  if (timings.injectedMs === null || timings.electedMs !== null) return null;
  const backMs = between(timings.injectedMs, timings.backMs);
  return {
    id: "kafka.no-election",
    severity: backMs === null ? "high" : "low",
    title:
      backMs === null
        ? "No other leader was elected"
        : `No other leader was elected: the killed broker was back after ${seconds(backMs)}`,
    evidence: [
      `in sync before the kill: ${String(history.events.find((event) => event.event === "isr")?.detail["inSync"] ?? "unknown")}`,
      `broker.session.timeout.ms is ${valueOf(history, "broker.session.timeout.ms")}`,
    ],
    advice:
      "A broker that is back within its session is not missed, and goes on as leader. Otherwise look at the controllers' quorum (kafka-metadata-quorum.sh), and whether another replica was in sync.",
    setting: settingOf(history, "broker.session.timeout.ms", timings.killed),
  };
};

export const isrTimes: Rule = ({ history, timings }) => {
  const { injectedMs, killed } = timings;
  if (injectedMs === null || killed === null || timings.shrunkMs === null) return null;
  const back = timings.isrBackMs !== null;
  return {
    id: back ? "kafka.isr-return" : "kafka.not-back-in-isr",
    severity: back ? "info" : "high",
    title: back
      ? `${killed} was back in sync ${secondsOrUnseen(between(timings.backMs, timings.isrBackMs))} after it answered again`
      : `${killed} did not return to the in-sync replicas`,
    evidence: [
      `it left them ${seconds(timings.shrunkMs - injectedMs)} after the kill (the partition that it followed: ${secondsOrUnseen(between(injectedMs, timings.otherShrunkMs))})`,
      `it answered again after ${secondsOrUnseen(between(injectedMs, timings.backMs))}, and was in sync in both partitions after ${secondsOrUnseen(between(injectedMs, timings.isrBackMs))}`,
      ...(back && timings.backMs !== null && (timings.isrBackMs ?? 0) < timings.backMs
        ? ["its peers told of it before it answered clients"]
        : []),
    ],
    advice: back
      ? "It does not lead again by itself until auto.leader.rebalance.enable moves the leaderships back (every five minutes), or kafka-leader-election.sh does. Until then its peers carry its load."
      : "Look at its log, its disk, and at what it has to copy: kafka-topics.sh --describe --under-replicated-partitions. Until it is back one more loss may stop writes.",
    setting: settingOf(history, "replica.lag.time.max.ms", killed),
  };
};

/** The module's second question. */
export const consumerGap: Rule = ({ history, timings }) => {
  const gaps = timings.consumers.filter((gap) => gap.gapMs > 0);
  if (timings.killed === null || gaps.length === 0) return null;
  const worst = gaps.reduce((most, gap) => (gap.gapMs > most.gapMs ? gap : most));
  return {
    id: "kafka.consumer-gap",
    severity: "info",
    title: `Consumers saw nothing new for up to ${seconds(worst.gapMs)}`,
    evidence: gaps.map(
      ({ client, gapMs, answered, failed }) =>
        `${client}: nothing new for ${seconds(gapMs)}; ${counted(answered, "fetch", "fetches")} answered without anything new, ${number(failed)} failed`,
    ),
    advice:
      "Consumers see only what every in-sync replica has (the high watermark). On a partition whose leader lives they are answered all the time, and yet see nothing new until the dead replica is struck off. Alarm on the age of the last record, not on errors alone.",
    setting: settingOf(history, "isolation.level"),
  };
};

export const restlessBaseline: Rule = ({ history, timings }) => {
  if (timings.restless.length === 0) return null;
  return {
    id: "kafka.election-before-fault",
    severity: "high",
    title: "A leader changed before anything was injected",
    evidence: timings.restless.map(
      ({ atMs, source, detail }) =>
        `partition ${String(detail["partition"])}: ${String(detail["leader"])}, epoch ${String(detail["epoch"])}, ${seconds(atMs)} into the baseline (${source})`,
    ),
    advice: "The cluster is not steady under this load; find out why before testing it further.",
    setting: settingOf(history, "broker.session.timeout.ms"),
  };
};
