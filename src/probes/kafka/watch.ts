import type { TimelineEvent } from "../history.ts";
import type { PodAddress } from "../system.ts";
import type { KafkaPart, KafkaPods } from "./brokers.ts";
import type { Leaders } from "./clients.ts";
import { linksTo } from "./links.ts";
import { patience } from "./patience.ts";
import { warmUpPartitions } from "./topic.ts";
import { newestPartitions, viewBroker, viewQuorum, type BrokerView, type PartitionView } from "./views.ts";

const isWarmUp = (partition: number): boolean => warmUpPartitions.some((one) => one === partition);
const everyMs = 250;
const timeoutMs = 400;
/** Five seconds of them. */
const vainQuestions = 20;
/** A client that failed wants newer metadata, and gets it no more often than this (Kafka's `retry.backoff.ms`). */
const soonestMs = 100;

export type Tell = (event: Omit<TimelineEvent, "type">) => void;

export interface KafkaWatch extends Leaders {
  stop(): void;
}

/**
 * Asks every broker for its metadata of the run's topic four times a second, and tells what changed: who answers, who
 * leads in which epoch, who is in sync, who is the active controller. Clients follow the newest of these views.
 */
export function watchBrokers(
  pods: KafkaPods,
  topic: string,
  first: readonly PartitionView[],
  now: () => number,
  tell: Tell,
): KafkaWatch {
  const links = linksTo(pods, "aftershock-watch");
  // A broker passes the question for the quorum on to the controller that it knows, and waits for ten seconds when that
  // one is dead (socket.connection.setup.timeout.ms). The controllers know sooner, and answer where they can be reached:
  // one that turned down all of its first questions, as an operator's do, is left alone.
  const lane = (part: KafkaPart, asked: () => readonly PodAddress[], mostInVain: number) => ({
    part,
    asked,
    links: linksTo(pods, "aftershock-watch-quorum", undefined, part),
    hope: patience(mostInVain),
  });
  const lanes = [
    lane("kafka", () => pods.pods, Number.POSITIVE_INFINITY),
    lane("controller", () => pods.controllers, vainQuestions),
  ];
  const before = new Map<string, BrokerView>();
  let partitions = [...first];
  let controller: string | null = null;
  let epoch = 0;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let soon: NodeJS.Timeout | undefined;
  let stopped = false;
  const busy = new Set<string>();

  const look = (): void => {
    lookedAtMs = performance.now();
    for (const { name } of pods.pods) void lookAt(name);
  };
  // A broker that does not answer must not keep the news of the others back.
  const lookAt = async (pod: string): Promise<void> => {
    if (busy.has(pod)) return;
    busy.add(pod);
    try {
      const view = await viewBroker(pods, pod, links(pod), [topic], timeoutMs);
      if (!stopped) compare(view);
    } finally {
      busy.delete(pod);
    }
  };
  const compare = (view: BrokerView): void => {
    const { pod } = view;
    const known = before.get(pod);
    // What a silent broker last said stays what its next word is compared with.
    before.set(pod, view.reachable ? view : { ...view, partitions: known?.partitions ?? [] });
    const atMs = now();
    if (known !== undefined && known.reachable !== view.reachable) {
      tell({ atMs, source: pod, event: view.reachable ? "reachable" : "unreachable", detail: {} });
    }
    if (!view.reachable) return;
    for (const seen of view.partitions.filter((entry) => !isWarmUp(entry.partition))) {
      const { partition, leader } = seen;
      const old = known?.partitions.find((entry) => entry.partition === partition);
      if (old?.leader !== leader || old.epoch !== seen.epoch) {
        tell({ atMs, source: pod, event: "partition-leader", detail: { partition, leader, epoch: seen.epoch } });
      }
      if (old === undefined || old.isr.join(" ") !== seen.isr.join(" ")) {
        const detail = { partition, inSync: seen.isr.join(" "), size: seen.isr.length, replicas: seen.replicas.length };
        tell({ atMs, source: pod, event: "isr", detail });
      }
    }
    const newest = newestPartitions([...before.values()].filter((entry) => entry.reachable));
    if (newest.length > 0) partitions = newest;
  };
  const lookAtQuorum = async (pod: string, { part, links: some, hope }: (typeof lanes)[number]): Promise<void> => {
    const key = `quorum ${pod} ${part}`;
    if (busy.has(key) || !hope.asks(pod)) return;
    busy.add(key);
    try {
      const view = await viewQuorum(pods, some(pod), timeoutMs);
      if (view.voters > 0) hope.answered(pod);
      else hope.inVain(pod);
      if (stopped || view.controller === null || view.epoch === null || view.epoch <= epoch) return;
      epoch = view.epoch;
      if (view.controller === controller) return;
      controller = view.controller;
      tell({ atMs: now(), source: pod, event: "controller", detail: { controller, epoch } });
    } finally {
      busy.delete(key);
    }
  };
  const timer = setInterval(() => {
    look();
    for (const one of lanes) for (const { name } of one.asked()) void lookAtQuorum(name, one);
  }, everyMs);
  look();
  return {
    leaderOf: (partition) => partitions.find((entry) => entry.partition === partition)?.leader ?? null,
    refresh: () => {
      if (soon !== undefined || stopped) return;
      const waitMs = Math.max(0, soonestMs - (performance.now() - lookedAtMs));
      soon = setTimeout(() => {
        soon = undefined;
        look();
      }, waitMs);
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
      links.close();
      for (const one of lanes) one.links.close();
    },
  };
}
