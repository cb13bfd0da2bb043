import { ResponseError } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import { NoAnswer, NotSent } from "../../src/probes/kafka/broker-link.ts";
import { podOfBroker, podOfController } from "../../src/probes/kafka/brokers.ts";
import { kafkaDisagreements } from "../../src/probes/kafka/convergence.ts";
import { judgeKafkaGuard, type KafkaEvidence } from "../../src/probes/kafka/guards.ts";
import { classifyKafkaError } from "../../src/probes/kafka/outcome.ts";
import { patience } from "../../src/probes/kafka/patience.ts";
import { decodeRecord, encodeRecord } from "../../src/probes/kafka/record.ts";
import { chooseTarget, kafkaTopology } from "../../src/probes/kafka/topology.ts";
import { newestPartitions, type BrokerView, type PartitionView } from "../../src/probes/kafka/views.ts";
import type { PodAddress } from "../../src/probes/system.ts";

const names = ["kafka-0", "kafka-1", "kafka-2"];
const pods = names.map((name, at): PodAddress => ({
  name,
  namespace: "messaging",
  uid: name,
  host: `10.0.0.${at + 1}`,
  labels: { app: "kafka" },
  ready: true,
}));
const partition = (change: Partial<PartitionView> = {}): PartitionView => ({
  topic: "orders",
  partition: 0,
  leader: "kafka-0",
  epoch: 3,
  replicas: names,
  isr: names,
  offline: [],
  ...change,
});
const view = (pod: string, change: Partial<BrokerView> = {}): BrokerView => ({
  pod,
  reachable: true,
  nodeId: 0,
  alive: names,
  partitions: [partition()],
  ...change,
});
const silent = { reachable: false, alive: [], partitions: [] };
const three = names.map((name) => view(name));
const quorum = { controller: "kafka-0", epoch: 1, voters: 3, voterPods: names, maxLag: 0 };
const evidence: KafkaEvidence = { pods, views: three, quorum, minInsyncReplicas: 2 };
const seenAs = (change: Partial<PartitionView>) =>
  three.map((entry) => ({ ...entry, partitions: [partition(change)] }));

describe("Kafka's guards", () => {
  it.each(["brokers-up", "no-under-replicated", "controller-quorum", "min-insync-satisfiable"])(
    "%s holds on a sound cluster",
    (id) => expect(judgeKafkaGuard(id, evidence, {}).ok).toBe(true),
  );
  it.each<[string, string, Partial<KafkaEvidence>]>([
    ["brokers-up", "a broker is silent", { views: [view("kafka-0"), view("kafka-1"), view("kafka-2", silent)] }],
    ["brokers-up", "nobody answers", { views: names.map((name) => view(name, silent)) }],
    ["brokers-up", "one is fenced", { views: three.map((entry) => ({ ...entry, alive: names.slice(1) })) }],
    ["brokers-up", "a pod is not ready", { pods: pods.map((pod) => ({ ...pod, ready: pod.name !== "kafka-1" })) }],
    ["brokers-up", "there are two", { pods: pods.slice(1), views: three.slice(1) }],
    ["no-under-replicated", "a replica is behind", { views: seenAs({ isr: ["kafka-0", "kafka-1"] }) }],
    ["no-under-replicated", "a partition is offline", { views: seenAs({ leader: null }) }],
    ["no-under-replicated", "nobody answers", { views: names.map((name) => view(name, silent)) }],
    ["controller-quorum", "there is no controller", { quorum: { ...quorum, controller: null } }],
    ["controller-quorum", "a voter is behind", { quorum: { ...quorum, maxLag: 5000 } }],
    ["controller-quorum", "there is one voter", { quorum: { ...quorum, voters: 1 } }],
    ["min-insync-satisfiable", "all replicas are required", { minInsyncReplicas: 3 }],
    ["min-insync-satisfiable", "it cannot be read", { minInsyncReplicas: null }],
  ])("%s stops when %s", (id, _what, change) => {
    expect(judgeKafkaGuard(id, { ...evidence, ...change }, {}).ok).toBe(false);
  });
  it("knows no other", () => {
    expect(() => judgeKafkaGuard("hope", evidence, {})).toThrow(/no guard "hope"/);
  });
});

const topic = "will be made";
const led = (controller: string | null) => ({ controller, voters: 3 });

describe("the broker to be killed", () => {
  it("is by name the first that is not the active controller, or the controller itself when asked", () => {
    expect(chooseTarget(names, led("kafka-0"), "broker", undefined)).toBe("kafka-1");
    expect(chooseTarget(names, led("kafka-2"), "broker", undefined)).toBe("kafka-0");
    expect(chooseTarget(names, led("kafka-2"), "controller", undefined)).toBe("kafka-2");
  });
  it("is the leader that there is, once the topic is there", () => {
    expect(chooseTarget(names, led("kafka-0"), "broker", { leader: "kafka-2" })).toBe("kafka-2");
    expect(chooseTarget(names, led("kafka-0"), "broker", { leader: null })).toBeNull();
  });
  it("is nobody while no broker tells of the controllers, since it could be the active one", () => {
    expect(chooseTarget(names, { controller: null, voters: 0 }, "broker", undefined)).toBeNull();
    expect(chooseTarget(names, { controller: null, voters: 3 }, "broker", undefined)).toBe("kafka-0");
    const { groups, silent, summary } = kafkaTopology(names, {
      quorum: { controller: null, voterPods: [] },
      target: null,
      topic: "will be made",
      silent: ["kafka-1"],
    });
    expect({ groups, silent }).toMatchObject({ groups: { leader: [], followers: [] }, silent: ["kafka-1"] });
    expect(summary).toMatch(/followers unknown; no answer from kafka-1$/);
  });
  it("is nobody without a controller to be told apart, when the controller was asked for", () => {
    expect(chooseTarget(names, led(null), "controller", undefined)).toBeNull();
    expect(
      kafkaTopology(names, { quorum: { controller: null, voterPods: names }, target: null, topic }).groups,
    ).toMatchObject({ leader: [], followers: [] });
  });
  it("leaves the others as followers", () => {
    const { groups } = kafkaTopology(names, { quorum, target: "kafka-1", topic });
    expect(groups).toMatchObject({ leader: ["kafka-1"], followers: ["kafka-0", "kafka-2"], controller: ["kafka-0"] });
    expect(groups["controllers"]).toEqual(names);
  });
  it("is never a controller that is no broker", () => {
    const apart = {
      controller: "kafka-controller-1",
      voters: 3,
      voterPods: ["kafka-controller-0", "kafka-controller-1"],
    };
    expect(chooseTarget(names, apart, "broker", undefined)).toBe("kafka-0");
    expect(() => chooseTarget(names, apart, "controller", undefined)).toThrow(
      /kafka-controller-1, is a controller and no/,
    );
    const { groups, holders, summary } = kafkaTopology(names, { quorum: apart, target: "kafka-0", topic });
    expect(holders).toEqual(names);
    expect(groups).toEqual({
      leader: ["kafka-0"],
      followers: ["kafka-1", "kafka-2"],
      brokers: names,
      controllers: apart.voterPods,
      controller: ["kafka-controller-1"],
    });
    expect(summary).toMatch(/^3 brokers, controller kafka-controller-1 \(no broker\); /);
  });
});

describe("a broker's pod", () => {
  it.each([
    ["its address", "10.0.0.2", "kafka-1"],
    ["its name", "kafka-2.kafka.messaging.svc.cluster.local", "kafka-2"],
    ["the number of its broker, if it advertises something else", "203.0.113.7", "kafka-0"],
    ["the number of its broker, if nothing is known of it", "", "kafka-0"],
  ])("is known by %s", (_what, host, pod) => expect(podOfBroker(pods, { nodeId: 0, host })).toBe(pod));
  it("is not guessed", () => expect(podOfBroker(pods, { nodeId: 9, host: "203.0.113.7" })).toBeNull());
});

describe("a controller's pod", () => {
  const controllers = ["kafka-controller-0", "kafka-controller-1"].map((name, at): PodAddress => ({
    ...pods[0]!,
    name,
    host: `10.0.1.${at}`,
  }));
  const brokers = { controllers: pods, controllersSelected: false };
  const selected = { controllers, controllersSelected: true };
  it.each([
    ["its address", selected, { nodeId: 7, host: "10.0.1.1", separate: true }, "kafka-controller-1"],
    [
      "its name",
      selected,
      { nodeId: 7, host: "kafka-controller-0.kafka.messaging.svc", separate: true },
      "kafka-controller-0",
    ],
    [
      "its number, where the target selects controllers",
      selected,
      { nodeId: 1, host: "", separate: true },
      "kafka-controller-1",
    ],
    [
      "its number, where brokers are the controllers",
      brokers,
      { nodeId: 1, host: "127.0.0.1", separate: false },
      "kafka-1",
    ],
  ])("is known by %s", (_what, some, controller, pod) => expect(podOfController(some, controller)).toBe(pod));
  it("is not taken for a broker that has its number", () =>
    expect(podOfController(brokers, { nodeId: 1, host: "10.0.1.1", separate: true })).toBeNull());
});

describe("a controller that is asked who leads", () => {
  it("is left alone after so many questions in vain", () => {
    const hope = patience(2);
    const asked = [1, 2, 3].map(() => {
      const asks = hope.asks("kafka-controller-0");
      hope.inVain("kafka-controller-0");
      return asks;
    });
    expect(asked).toEqual([true, true, false]);
    expect(hope.asks("kafka-controller-1")).toBe(true);
  });
  it("is asked to the end once it has answered, also while it is down", () => {
    const hope = patience(2);
    hope.answered("kafka-controller-0");
    for (const _question of [1, 2, 3]) hope.inVain("kafka-controller-0");
    expect(hope.asks("kafka-controller-0")).toBe(true);
  });
});

describe("what the brokers agree on", () => {
  it("is nothing to complain of when all are in sync everywhere", () => {
    expect(kafkaDisagreements(pods, three)).toEqual([]);
  });
  it.each<[string, BrokerView[]]>([
    ["kafka-2 does not answer", [view("kafka-0"), view("kafka-1"), view("kafka-2", silent)]],
    ["kafka-1 as registered", three.map((entry) => ({ ...entry, alive: ["kafka-0", "kafka-2"] }))],
    ["without kafka-1 in sync", seenAs({ isr: ["kafka-0", "kafka-2"] })],
    ["has no leader", seenAs({ leader: null })],
    [
      "another leader",
      [...three.slice(1), view("kafka-0", { partitions: [partition({ leader: "kafka-1", epoch: 2 })] })],
    ],
  ])("is not: %s", (problem, views) => expect(kafkaDisagreements(pods, views).join()).toContain(problem));
  it("follows the newest leader epoch", () => {
    const old = view("kafka-1", { partitions: [partition({ leader: "kafka-1", epoch: 2 })] });
    expect(newestPartitions([old, view("kafka-0")])).toMatchObject([{ leader: "kafka-0", epoch: 3 }]);
  });
});

describe("the outcome of a failed write", () => {
  const answered = (code: number) => new ResponseError(0, 9, { "/responses/0": [code, null] }, {});
  it.each<[number, "fail" | "unknown", string]>([
    [19, "fail", "NOT_ENOUGH_REPLICAS"],
    [20, "unknown", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
    [7, "unknown", "REQUEST_TIMED_OUT"],
    [6, "unknown", "NOT_LEADER_OR_FOLLOWER"],
    [10, "fail", "MESSAGE_TOO_LARGE"],
    [56, "unknown", "KAFKA_STORAGE_ERROR"],
  ])("code %d is %s, %s", (code, outcome, error) => {
    expect(classifyKafkaError(answered(code))).toEqual({ outcome, error });
  });
  it("is certain for what never left, and open for what had no answer", () => {
    expect(classifyKafkaError(new NotSent("refused"))).toEqual({ outcome: "fail", error: "refused" });
    expect(classifyKafkaError(new NoAnswer("late"))).toEqual({ outcome: "unknown", error: "timeout" });
    expect(classifyKafkaError(new Error("Connection closed"))).toEqual({
      outcome: "unknown",
      error: "connection-lost",
    });
  });
});

describe("a record", () => {
  it("is known by its client and number", () =>
    expect(decodeRecord("producer", encodeRecord("producer", 42))).toBe(42));
  it.each([
    ["another client's", encodeRecord("other-producer", 42)],
    ["a damaged one", Buffer.from("43 00000000")],
    ["an empty one", Buffer.alloc(0)],
    ["none", null],
  ])("%s is not taken for it", (_what, value) => expect(decodeRecord("producer", value)).toBeNull());
});
