import { EventEmitter } from "node:events";
import type { ConfirmChannel } from "amqplib";
import { describe, expect, it } from "vitest";
import { chosenNode, topologyOf } from "../../src/probes/rabbitmq.ts";
import { judgeRabbitGuard, type RabbitEvidence } from "../../src/probes/rabbitmq/guards.ts";
import { reasonOf } from "../../src/probes/rabbitmq/link.ts";
import { podOfNode, readClusterStatus, type NodeView } from "../../src/probes/rabbitmq/nodes.ts";
import { listenForReturns, publishNumber } from "../../src/probes/rabbitmq/publish.ts";
import { queueProblem, readQueues, type QueueView } from "../../src/probes/rabbitmq/queues.ts";
import { addressedTo, proveNodesConnected } from "../../src/probes/rabbitmq/prove-connected.ts";
import { readEnvironment } from "../../src/probes/rabbitmq/settings.ts";

const names = ["rabbitmq-0", "rabbitmq-1", "rabbitmq-2"];
const pods = names.map((name) => ({
  name,
  namespace: "messaging",
  uid: name,
  host: "10.0.0.1",
  labels: { app: "rabbitmq" },
  ready: true,
}));
const view = (pod: string, change: Partial<NodeView> = {}): NodeView => ({
  pod,
  reachable: true,
  running: names,
  partitions: [],
  alarms: [],
  version: "3.10.8",
  ...change,
});
const queue = (change: Partial<QueueView> = {}): QueueView => ({
  name: "aftershock.run-1.quorum",
  type: "quorum",
  leader: "rabbitmq-0",
  members: names,
  online: names,
  state: "running",
  messages: 0,
  policy: null,
  ...change,
});
const three = names.map((name) => view(name));
const evidence: RabbitEvidence = { views: three, queues: [queue()], victim: "rabbitmq-0", critical: "" };

describe("RabbitMQ's guards", () => {
  it.each(["all-nodes-running", "no-partition", "no-alarms", "enough-nodes", "queues-whole", "not-critical"])(
    "%s holds on a sound cluster",
    (id) => {
      expect(judgeRabbitGuard(id, evidence, {}).ok).toBe(true);
    },
  );
  const silent = view("rabbitmq-0", { reachable: false, running: [] });
  it.each<[string, string, Partial<RabbitEvidence>]>([
    ["all-nodes-running", "one is silent", { views: [silent, ...three.slice(1)] }],
    [
      "all-nodes-running",
      "one misses another",
      { views: [view("rabbitmq-0", { running: ["rabbitmq-0"] }), ...three.slice(1)] },
    ],
    [
      "no-partition",
      "one holds another to be cut off",
      { views: [view("rabbitmq-0", { partitions: ["rabbitmq-1"] }), ...three.slice(1)] },
    ],
    ["no-partition", "one cannot be asked", { views: [silent, ...three.slice(1)] }],
    ["no-alarms", "memory is short", { views: [view("rabbitmq-0", { alarms: ["memory"] }), ...three.slice(1)] }],
    ["no-alarms", "one cannot be asked", { views: [silent, ...three.slice(1)] }],
    ["enough-nodes", "there are two", { views: three.slice(1) }],
    ["queues-whole", "a member is away", { queues: [queue({ online: names.slice(1) })] }],
    [
      "queues-whole",
      "a queue is down",
      { queues: [queue({ type: "classic", state: "down", members: null, online: null })] },
    ],
    ["queues-whole", "they cannot be read", { queues: null }],
    ["not-critical", "a queue depends on the node", { critical: "orders would lose its majority" }],
    ["not-critical", "there is no node to kill", { victim: null }],
  ])("%s stops when %s", (id, _what, change) => {
    expect(judgeRabbitGuard(id, { ...evidence, ...change }, {}).ok).toBe(false);
  });
  it("knows no other", () => {
    expect(() => judgeRabbitGuard("hope", evidence, {})).toThrow(/no guard "hope"/);
  });
});

describe("RabbitMQ's groups", () => {
  const nodes = { pods };
  it("name the first ready node before the queues are there, or the one that is asked for", () => {
    expect(chosenNode(nodes, { node: "first" })).toBe("rabbitmq-0");
    expect(chosenNode({ pods: pods.map((pod) => ({ ...pod, ready: pod.name !== "rabbitmq-0" })) }, {})).toBe(
      "rabbitmq-1",
    );
    expect(chosenNode(nodes, { node: "rabbitmq-2" })).toBe("rabbitmq-2");
    expect(chosenNode(nodes, { node: "rabbitmq-9" })).toBeNull();
    expect(topologyOf(nodes, "rabbitmq-2", null).groups).toEqual({
      leader: ["rabbitmq-2"],
      nodes: names,
      others: ["rabbitmq-0", "rabbitmq-1"],
    });
  });
  it("follow the queues' leaders once they are there, and are empty when those are apart", () => {
    const moved = [queue({ leader: "rabbitmq-1" }), queue({ type: "classic", leader: "rabbitmq-1" })];
    expect(topologyOf(nodes, "rabbitmq-0", moved).groups).toMatchObject({ leader: ["rabbitmq-1"] });
    expect(topologyOf(nodes, "rabbitmq-0", [queue(), ...moved]).groups).toMatchObject({ leader: [], others: [] });
  });
});

describe("a node that another is asked for", () => {
  it.each([
    ["rabbit@rabbitmq-0", []],
    ["rabbit@orders-server-0.orders-nodes.messaging", ["--longnames"]],
    ["rabbit@10.0.0.1", ["--longnames"]],
  ])("%s is named in the kind that Erlang takes it for", (node, kind) => {
    expect(addressedTo(node)).toEqual([...kind, "--node", node]);
  });
  it("is not taken for cut off when it does not tell its name", async () => {
    const asked: string[] = [];
    const exec = async (pod: string) => {
      asked.push(pod);
      return { exitCode: 0, stdout: "", stderr: "" };
    };
    const nodeOf = async (pod: string): Promise<string> => {
      if (pod === "rabbitmq-0") throw new Error("rabbitmqctl in rabbitmq-0: no such node");
      return `rabbit@${pod}`;
    };
    const { ok, pairs } = await proveNodesConnected({ exec }, { pods, nodeOf }, ["rabbitmq-0"], ["rabbitmq-1"]);
    expect([ok, asked]).toEqual([false, ["rabbitmq-0"]]);
    expect(pairs).toContainEqual({
      from: "rabbitmq-1",
      to: "rabbitmq-0",
      ok: false,
      detail: "rabbitmqctl in rabbitmq-0: no such node",
      unasked: true,
    });
  });
});

describe("what RabbitMQ's commands print", () => {
  it("names nodes by their pods, with short and with long names", () => {
    expect(podOfNode("rabbit@rabbitmq-1", pods)).toBe("rabbitmq-1");
    expect(podOfNode("rabbit@rabbitmq-1.rabbitmq.messaging", pods)).toBe("rabbitmq-1");
    expect(podOfNode("rabbit@elsewhere", pods)).toBe("rabbit@elsewhere");
  });
  it("is read from cluster_status", () => {
    const text = JSON.stringify({
      running_nodes: ["rabbit@rabbitmq-0", "rabbit@rabbitmq-2"],
      partitions: { "rabbit@rabbitmq-0": ["rabbit@rabbitmq-1"] },
      alarms: [],
      versions: { "rabbit@rabbitmq-0": { rabbitmq_version: "3.10.8" } },
    });
    expect(readClusterStatus("rabbitmq-0", text, pods)).toEqual(
      view("rabbitmq-0", { running: ["rabbitmq-0", "rabbitmq-2"], partitions: ["rabbitmq-1"] }),
    );
  });
  it("is read from list_queues, a queue that is down included", () => {
    const all = "[rabbit@rabbitmq-0, rabbit@rabbitmq-1, rabbit@rabbitmq-2]";
    const some = "[rabbit@rabbitmq-0, rabbit@rabbitmq-2]";
    const rows = [
      "c1\trabbit_classic_queue\t<rabbit@rabbitmq-1.1795558393.774.0>\t\t\t\tdown\t\t",
      `q1\tquorum\t<rabbit@rabbitmq-0.1795558391.1076.0>\trabbit@rabbitmq-0\t${all}\t${some}\trunning\t12\tha`,
    ];
    const [down, quorum] = readQueues(`${rows.join("\n")}\n`, pods);
    expect(down).toEqual({
      name: "c1",
      type: "classic",
      leader: "rabbitmq-1",
      members: null,
      online: null,
      state: "down",
      messages: null,
      policy: null,
    });
    expect(quorum).toMatchObject({ leader: "rabbitmq-0", members: names, messages: 12, policy: "ha" });
    expect(quorum?.online).toEqual(["rabbitmq-0", "rabbitmq-2"]);
    expect([down, quorum].map((entry) => entry && queueProblem(entry))).toEqual(["is down", "misses rabbitmq-1"]);
    expect(queueProblem(queue())).toBeNull();
  });
  it("is read from environment, and nothing is made up where it is not", () => {
    const text = JSON.stringify({ rabbit: { cluster_partition_handling: "ignore", heartbeat: 60 }, kernel: {} });
    expect(readEnvironment("rabbitmq-0", text).map(({ name, value }) => [name, value])).toEqual([
      ["cluster_partition_handling", "ignore"],
      ["heartbeat", "60"],
    ]);
    expect(readEnvironment("rabbitmq-0", "no JSON")).toEqual([]);
  });
});

/** A double of amqplib's confirm channel: what a server answers is put into its mouth. */
class FakeChannel extends EventEmitter {
  confirm: (error: Error | null) => void = () => undefined;
  publish(_exchange: string, _key: string, _content: Buffer, _options: object, done: (error: Error | null) => void) {
    this.confirm = done;
    return true;
  }
}

describe("the outcome of a published message", () => {
  const publish = (answer: (channel: FakeChannel) => void, timeoutMs = 5000) => {
    const fake = new FakeChannel();
    const channel = fake as unknown as ConfirmChannel;
    listenForReturns(channel);
    const outcome = publishNumber(channel, { queue: "q", client: "quorum", seq: 7, timeoutMs });
    answer(fake);
    return outcome;
  };
  it("is ok with a confirm, and fail when it came back first", async () => {
    expect(await publish((fake) => fake.confirm(null))).toEqual({ outcome: "ok" });
    const returned = publish((fake) => {
      fake.emit("return", { properties: { messageId: "7" } });
      fake.confirm(null);
    });
    expect(await returned).toEqual({ outcome: "fail", error: "returned" });
    const other = publish((fake) => {
      fake.emit("return", { properties: { messageId: "6" } });
      fake.confirm(null);
    });
    expect(await other).toEqual({ outcome: "ok" });
  });
  it("is unknown with a nack, with a lost connection, and without an answer in time", async () => {
    expect(await publish((fake) => fake.confirm(new Error("message nacked")))).toEqual({
      outcome: "unknown",
      error: "nack",
    });
    expect(await publish((fake) => fake.confirm(new Error("channel closed")))).toEqual({
      outcome: "unknown",
      error: "connection-lost",
    });
    expect(await publish(() => undefined, 20)).toEqual({ outcome: "unknown", error: "timeout" });
  });
  it("is fail when the channel was closed before anything was sent", async () => {
    const closed = new FakeChannel();
    closed.publish = () => {
      throw new Error("Channel closed");
    };
    const published = publishNumber(closed as unknown as ConfirmChannel, {
      queue: "q",
      client: "c",
      seq: 1,
      timeoutMs: 50,
    });
    expect(await published).toMatchObject({ outcome: "fail" });
  });
});

it("gives reasons in the server's own words", () => {
  const said = `Operation failed: BasicConsume; 404 (NOT-FOUND) with message "NOT_FOUND - home node 'rabbit@rabbitmq-0' of durable queue 'q' in vhost '/' is down or inaccessible"`;
  expect(reasonOf(new Error(said))).toBe(
    "NOT_FOUND: home node 'rabbit@rabbitmq-0' of durable queue 'q' in vhost '/' is down or inaccessible",
  );
  expect(reasonOf(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe("refused");
  expect(reasonOf(new Error("connect ETIMEDOUT"))).toBe("timeout");
});
