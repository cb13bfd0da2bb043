import type { TimelineEvent } from "../history.ts";
import { openLink, type LinkOptions } from "./link.ts";
import { queueProblem, viewQueues, type QueueView } from "./queues.ts";

/** Each look starts a command in a pod; more often would take the cores that the servers need. */
const lookEveryMs = 1500;

type Tell = (event: Omit<TimelineEvent, "type">) => void;

/**
 * Keeps an idle connection to every node and tells when one breaks and comes back (`unreachable`, `reachable`). From
 * the first break on it asks the cluster for the run's queues, until all are sound again, and tells what changed:
 * `queue`, with leader, state, and members online.
 */
export function watchCluster(options: {
  link: Omit<LinkOptions, "order" | "prepare" | "onUp" | "onDown">;
  prefix: string;
  now: () => number;
  /** For what is to be in the history only: how things were at the start. */
  record: Tell;
  tell: Tell;
}): { stop(): Promise<void>; tried: Promise<void> } {
  const { link, prefix, now, record, tell } = options;
  const { nodes, account } = link;
  const before = new Map<string, string>();
  let stopped = false;
  let unsound = true;
  let looking = false;

  const links = nodes.pods.map(({ name }) => {
    let known: boolean | undefined;
    const change = (up: boolean): void => {
      if (stopped || known === up) return;
      if (known !== undefined || !up) {
        tell({ atMs: now(), source: name, event: up ? "reachable" : "unreachable", detail: {} });
        unsound = true;
      }
      known = up;
      void look();
    };
    return openLink({ ...link, order: [name], onUp: () => change(true), onDown: () => change(false) });
  });
  const look = async (): Promise<void> => {
    if (looking || stopped || !unsound) return;
    looking = true;
    try {
      const askedMs = now();
      const queues = await viewQueues(nodes, { prefix, vhost: account.vhost });
      if (stopped) return;
      for (const queue of queues) tellChange(queue, askedMs);
      unsound = links.some((one) => one.channel() === null) || queues.some((queue) => queueProblem(queue) !== null);
    } catch {
      // Nobody answered; the next look may find more.
    } finally {
      looking = false;
    }
  };
  const tellChange = (queue: QueueView, askedMs: number): void => {
    const detail = {
      queue: queue.name.slice(prefix.length),
      type: queue.type,
      leader: queue.leader,
      state: queue.state,
      online: queue.online?.length ?? null,
      members: queue.members?.length ?? null,
    };
    const text = JSON.stringify(detail);
    if (before.get(queue.name) === text) return;
    const say = before.has(queue.name) || queueProblem(queue) !== null ? tell : record;
    before.set(queue.name, text);
    // It was so at some time between asking and the answer, which is half a second later or more.
    say({ atMs: now(), source: "cluster", event: "queue", detail: { ...detail, askedMs: Math.round(askedMs) } });
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  return {
    tried: Promise.all(links.map((one) => one.tried)).then(() => undefined),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all(links.map((one) => one.close()));
    },
  };
}
