import { lostByClient } from "../generic-measures.ts";
import { between } from "../observed.ts";
import { staleReads } from "../stale-reads.ts";
import { counted, listed, number, seconds, secondsOrUnseen } from "../words.ts";
import { numberOf, valueOf, type Rule, type RuleInput } from "./rule.ts";
import { settingOf } from "./settings.ts";
import type { ProducerTrouble } from "./timings.ts";

/** Ended sooner than this, by the middle one, an operation failed at once; a wait for replicas takes seconds. */
const atOnceMs = 100;
/** Shorter times without an acknowledgement happen to any busy cluster. */
const waitedMs = 1000;
/** A failover that takes this much longer than the session time-out has another cause than it. */
const slowMs = 5000;

const lasted = (durationMs: number | null): string =>
  durationMs === null ? "the rest of the run" : seconds(durationMs);
const metWith = ({ errors }: ProducerTrouble): string =>
  errors.length === 0
    ? "everything was acknowledged in the end, late"
    : listed(
        errors.map(
          ({ error, outcome, count, medianMs }) =>
            `${error} × ${number(count)} (${outcome}, usually after ${number(Math.round(medianMs))} ms)`,
        ),
      );
const behaviour = (trouble: ProducerTrouble): string =>
  `${trouble.client}: nothing acknowledged for ${lasted(trouble.ackGapMs)}; ${metWith(trouble)}`;
const troubleOf = ({ timings }: RuleInput, client: string): ProducerTrouble | undefined =>
  timings.producers.find((entry) => entry.client === client);

/** The module's first question, for the partition whose leader died. */
export const withoutLeader: Rule = (input) => {
  const trouble = troubleOf(input, "producer");
  if (trouble === undefined || trouble.medianMs === null || input.timings.killed === null) return null;
  const count = (outcome: string): number =>
    trouble.errors.filter((entry) => entry.outcome === outcome).reduce((sum, entry) => sum + entry.count, 0);
  const how = count("fail") >= count("unknown") ? "failed" : "were left in doubt";
  return {
    id: "kafka.acks-all-without-leader",
    severity: "info",
    title: `Writes with acks=all to the killed leader's partition ${how}${trouble.medianMs < atOnceMs ? " at once" : `, usually after ${seconds(trouble.medianMs)}`}`,
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
  const { timings, history } = input;
  if (trouble === undefined || timings.killed === null) return null;
  if (trouble.ackGapMs !== null && trouble.ackGapMs < waitedMs) return null;
  const sessionMs = numberOf(history, "broker.session.timeout.ms");
  const lagMs = numberOf(history, "replica.lag.time.max.ms");
  const lagEndsIt = lagMs !== null && sessionMs !== null && lagMs < sessionMs;
  return {
    id: "kafka.acks-all-waits-for-isr",
    severity: "medium",
    title: `A partition that only lost a follower acknowledged nothing for ${lasted(trouble.ackGapMs)}: acks=all waits for the ISR to shrink`,
    evidence: [
      behaviour(trouble),
      `its leader was alive all the time; ${timings.killed} left its in-sync replicas ${secondsOrUnseen(between(timings.injectedMs, timings.otherShrunkMs))} after the kill`,
      `replica.lag.time.max.ms is ${valueOf(history, "replica.lag.time.max.ms")}, broker.session.timeout.ms ${valueOf(history, "broker.session.timeout.ms")}: the shorter of the two ends the wait`,
    ],
    advice:
      "acks=all waits for every replica that is in sync by the controller's book, also for one that is dead, until it is struck off. One dead broker so stops writes to all partitions that it follows, not only to those that it led. A lower value shortens it; the price: a broker that pauses for that long is struck off, and loses its leaderships.",
    setting: settingOf(history, lagEndsIt ? "replica.lag.time.max.ms" : "broker.session.timeout.ms"),
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
        : `another controller was active ${secondsOrUnseen(between(timings.injectedMs, timings.controllerElectedMs))} after the kill, and counted the session time-out anew`,
      `first acknowledged write ${secondsOrUnseen(between(timings.injectedMs, timings.firstAckMs))} after the kill, ${secondsOrUnseen(ackMs)} after the election: the other in-sync replica must fetch from the new leader first, and one whose fetch failed meanwhile waits replica.fetch.backoff.ms (${valueOf(history, "replica.fetch.backoff.ms")})`,
      `expected: the session time-out from the last heartbeat on; ${sessionMs === null ? "it could not be read" : late ? `this took ${seconds(afterMs - sessionMs)} longer` : "held"}`,
    ],
    advice:
      "The session time-out is nearly all of it: a broker that is killed says no goodbye, and is missed only then. One that is stopped in order (SIGTERM, controlled shutdown) hands its leaderships over first. A lower one, with more frequent heartbeats, shortens an unclean end; the price: long pauses of a healthy broker cost it its leaderships.",
    setting: settingOf(history, "broker.session.timeout.ms", timings.killed),
  };
};

/** The killed broker was the active controller: two elections, one after the other. */
export const controllerLost: Rule = ({ history, timings }) => {
  const { killed, controllerBefore, injectedMs, controllerElectedMs } = timings;
  if (killed === null || controllerBefore !== killed) return null;
  return {
    id: "kafka.controller-lost",
    severity: controllerElectedMs === null ? "high" : "info",
    title: `${killed} was the active controller too; ${controllerElectedMs === null ? "no other was seen to take over" : `${timings.controllerAfter ?? "another"} took over after ${seconds(controllerElectedMs - (injectedMs ?? 0))}`}`,
    evidence: [
      `controller.quorum.fetch.timeout.ms is ${valueOf(history, "controller.quorum.fetch.timeout.ms")}, controller.quorum.election.timeout.ms ${valueOf(history, "controller.quorum.election.timeout.ms")}`,
      `another leader of the partition ${secondsOrUnseen(between(controllerElectedMs, timings.electedMs))} after that`,
    ],
    advice:
      "A new controller gives every broker a whole session time-out before it misses one, so losing both at once takes longer than losing a broker. Controllers of their own (process.roles=controller) are not lost with a broker; small clusters pay for that with three more processes.",
    setting: settingOf(history, "controller.quorum.fetch.timeout.ms", killed),
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
      ? `${killed} was back in the in-sync replicas ${secondsOrUnseen(between(injectedMs, timings.isrBackMs))} after the kill`
      : `${killed} did not return to the in-sync replicas`,
    evidence: [
      `it left them ${seconds(timings.shrunkMs - injectedMs)} after the kill (the partition that it followed: ${secondsOrUnseen(between(injectedMs, timings.otherShrunkMs))})`,
      `it answered again after ${secondsOrUnseen(between(injectedMs, timings.backMs))}, and was in sync in both partitions after ${secondsOrUnseen(between(injectedMs, timings.isrBackMs))}`,
    ],
    advice: back
      ? "It does not lead again by itself until auto.leader.rebalance.enable moves the leaderships back (every five minutes), or kafka-leader-election.sh does. Until then its peers carry its load."
      : "Look at its log, its disk, and at what it has to copy: kafka-topics.sh --describe --under-replicated-partitions. Until it is back one more loss may stop writes.",
    setting: settingOf(history, "replica.lag.time.max.ms", killed),
  };
};

/** The module's second question. */
export const consumerGap: Rule = ({ history, context, timings }) => {
  const gaps = timings.consumers.filter((gap) => gap.gapMs === null || gap.gapMs >= waitedMs);
  if (timings.killed === null || gaps.length === 0) return null;
  const stale = new Map(staleReads(history, lostByClient(context)).map((entry) => [entry.client, entry.stale]));
  const worst = gaps.some((gap) => gap.gapMs === null) ? null : Math.max(...gaps.map((gap) => gap.gapMs ?? 0));
  return {
    id: "kafka.consumer-gap",
    severity: worst === null ? "medium" : "info",
    title: `Consumers saw nothing new for ${worst === null ? "" : "up to "}${lasted(worst)}`,
    evidence: gaps.map(({ client, gapMs, answered, failed }) => {
      const behind = stale.get(client) ?? 0;
      return `${client}: nothing new for ${lasted(gapMs)}; ${counted(answered, "fetch", "fetches")} answered without anything new, ${number(failed)} failed${behind === 0 ? "" : `; ${counted(behind, "fetch", "fetches")} in the run did not show a record that had been acknowledged before`}`;
    }),
    advice:
      "Consumers see only what every in-sync replica has (the high watermark). On a partition whose leader lives they are answered all the time, and yet see nothing new until the dead replica is struck off; a new leader shows the last acknowledged records only when its followers have fetched from it. Alarm on the age of the last record, not on errors alone.",
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
