import { randomBytes } from "node:crypto";
import type { Channel } from "amqplib";
import { wholeNumber } from "../figure.ts";
import type { ClientInfo } from "../history.ts";
import type { PodAddress } from "../system.ts";
import { podOfNode, type RabbitNodes } from "./nodes.ts";

export type QueueType = "quorum" | "classic";

/** Queues that nobody uses for this long remove themselves, should the bot die and nobody clean up. */
const expiresMs = 6 * 60 * 60 * 1000;

export const prefixOf = (runId: string): string => `aftershock.${runId}.`;
export const queueOf = (runId: string, client: string): string => `${prefixOf(runId)}${client}`;
export const typeOf = (client: string): QueueType => (client.startsWith("quorum") ? "quorum" : "classic");

/**
 * Each client has a queue of its own, so that what is in it is that client's ledger. The write clients' queues have no
 * consumers until the end; the read clients' queues are for round trips.
 */
export function rabbitClients(ratePerSecond: number, timeoutMs: number): ClientInfo[] {
  const write = { kind: "write", ratePerSecond, timeoutMs } as const;
  const read = { kind: "read", ratePerSecond: Math.min(ratePerSecond, 50), timeoutMs } as const;
  return [
    { id: "quorum", title: "Publishes to a quorum queue, by its leader's node; after a failure by the next", ...write },
    { id: "quorum-neighbour", title: "Publishes to a quorum queue by another node than its leader's", ...write },
    {
      id: "classic",
      title: "Publishes to a durable classic queue, by its own node; after a failure by the next",
      ...write,
    },
    {
      id: "quorum-consumer",
      title: "Consumes a quorum queue, by its leader's node; after a failure by the next",
      ...read,
    },
    {
      id: "classic-consumer",
      title: "Consumes a classic queue, by its own node; after a failure by the next",
      ...read,
    },
  ];
}

/** Who the probes are, where. */
export interface Account {
  vhost: string;
  /** The account of one run: it may touch the run's queues and nothing else. Null: the target says who the probes are. */
  own: { user: string; password: string } | null;
}

/**
 * Makes the run's account, or gives it a new password if it is there (a worker that took the run over does not know the
 * old one). So no password is configured anywhere, and none is left when `dropAccount` has run.
 */
export async function makeAccount(nodes: RabbitNodes, runId: string, vhost: string): Promise<Account> {
  const own = { user: `aftershock-${runId}`, password: randomBytes(18).toString("hex") };
  const { user, password } = own;
  try {
    await nodes.runAnywhere("rabbitmqctl", ["add_user", user, password]);
  } catch {
    await nodes.runAnywhere("rabbitmqctl", ["change_password", user, password]);
  }
  const queues = `^aftershock\\.${runId}\\.`;
  // Publishing to a queue by its name goes through the default exchange, which RabbitMQ calls amq.default here.
  const rights = [queues, `${queues}|^amq\\.default$`, queues];
  await nodes.runAnywhere("rabbitmqctl", ["set_permissions", "--vhost", vhost, user, ...rights]);
  return { vhost, own };
}

/** How a user of the target's gets the rights that a run's own account has. */
export const allowProbes =
  "rabbitmqctl set_permissions --vhost VHOST USER '^aftershock\\.' '^aftershock\\.|^amq\\.default$' '^aftershock\\.'";

export async function dropAccount(nodes: RabbitNodes, runId: string): Promise<void> {
  const user = `aftershock-${runId}`;
  const users = await nodes.runAnywhere("rabbitmqctl", ["list_users", "--formatter", "json"]);
  if (users.includes(`"${user}"`)) await nodes.runAnywhere("rabbitmqctl", ["delete_user", user]);
}

/** Declares a durable queue; its leader (a classic queue: itself) is to be where the connection is. */
export async function declareQueue(
  channel: Channel,
  name: string,
  type: QueueType,
  version: string | null,
): Promise<void> {
  // Classic queues had a word of their own for it before RabbitMQ 4 (documentation, leader placement).
  const locator =
    type === "classic" && Number.parseInt(version ?? "3", 10) < 4 ? "x-queue-master-locator" : "x-queue-leader-locator";
  await channel.assertQueue(name, {
    durable: true,
    arguments: { "x-queue-type": type, [locator]: "client-local", "x-expires": expiresMs },
  });
}

/** One queue as RabbitMQ tells of it; `online` and `members` are known of quorum queues only. */
export interface QueueView {
  name: string;
  type: string;
  /** Pod of the leader, or of the classic queue's process; null without one. */
  leader: string | null;
  members: string[] | null;
  online: string[] | null;
  /** `running`, `down`, `stopped`, …; null where it is not told. */
  state: string | null;
  messages: number | null;
  policy: string | null;
}

const columns = ["name", "type", "pid", "leader", "members", "online", "state", "messages", "policy"];

/** The queues whose names begin with `prefix` (all of the virtual host: ""), as whoever answers tells them. */
export async function viewQueues(nodes: RabbitNodes, options: { prefix: string; vhost: string }): Promise<QueueView[]> {
  const args = ["list_queues", "--no-table-headers", "--vhost", options.vhost, ...columns];
  const queues = readQueues(await nodes.runAnywhere("rabbitmqctl", args), nodes.pods);
  return queues.filter(({ name }) => name.startsWith(options.prefix));
}

/**
 * Reads the rows of `rabbitmqctl list_queues`, columns apart by tabs. Not its JSON: that writes a process as
 * `#PID<12575.774.0>`, which does not name its node.
 */
export function readQueues(text: string, pods: readonly Pick<PodAddress, "name">[]): QueueView[] {
  const rows = text.split("\n").filter((line) => line.includes("\t"));
  return rows.map((row) => {
    const cells = row.split("\t");
    const cell = (column: string): string | null => cells[columns.indexOf(column)] || null;
    const names = (column: string): string[] | null =>
      cell(column)
        ?.replaceAll(/[[\]\s]/g, "")
        .split(",")
        .map((node) => podOfNode(node, pods)) ?? null;
    // A process is written `<rabbit@rabbitmq-0.1700000000.565.0>`, a leader as the node alone.
    const process = /^<(.*)\.\d+\.\d+\.\d+>$/.exec(cell("pid") ?? "")?.[1] ?? null;
    const leader = cell("leader") ?? process;
    const messages = cell("messages");
    return {
      name: cell("name") ?? "",
      // The name of the module stands there while the queue is down.
      type: (cell("type") ?? "unknown").replace(/^rabbit_(\w+)_queue$/, "$1"),
      leader: leader === null ? null : podOfNode(leader, pods),
      members: names("members"),
      online: names("online"),
      state: cell("state"),
      messages: wholeNumber(messages),
      policy: cell("policy"),
    };
  });
}

/** States in which a queue does its work; the others are `down`, `crashed`, `stopped`, `minority`. */
const working: ReadonlySet<string> = new Set(["running", "idle", "flow"]);

/** What keeps a queue from being sound; null when nothing does. */
export function queueProblem(queue: QueueView): string | null {
  if (queue.state !== null && !working.has(queue.state)) return `is ${queue.state}`;
  if (queue.leader === null) return "has no leader";
  const away = queue.members?.filter((member) => queue.online?.includes(member) !== true) ?? [];
  return away.length === 0 ? null : `misses ${away.join(" and ")}`;
}
