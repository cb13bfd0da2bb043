import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createAddressBook } from "../../../src/lab/network/address-book.ts";
import { chooseSubnet } from "../../../src/lab/network/addresses.ts";
import { createStore } from "../../../src/lab/store/store.ts";
import { kafkaSystem } from "../../../src/lab/systems/kafka.ts";
import type { KafkaPrograms } from "../../../src/lab/systems/kafka-programs.ts";
import { ensureNamespace } from "../../../src/lab/systems/workload.ts";

describe("Kafka in the lab", () => {
  const started = async (found: KafkaPrograms) => {
    const store = createStore();
    ensureNamespace(store, "messaging");
    const said: string[] = [];
    const addresses = createAddressBook(chooseSubnet([], () => 0.5));
    const system = kafkaSystem(
      store,
      addresses,
      (message) => said.push(message),
      "combined",
      async () => found,
    );
    system.start();
    return { store, said, formed: [await system.formed(), await system.formed()] };
  };
  it("says why it is not there, once, and keeps nobody waiting", async () => {
    const { store, said, formed } = await started({ missing: "There is no Kafka here: try this." });
    expect(formed).toEqual([true, true]);
    expect(store.list("StatefulSet", "messaging")).toEqual([]);
    expect(said.filter((line) => line.includes("try this"))).toHaveLength(1);
    const events = store.list("Event").map((event) => ({ reason: event["reason"], message: event["message"] }));
    expect(events).toEqual([{ reason: "KafkaNotAvailable", message: "There is no Kafka here: try this." }]);
  });
  it("runs three brokers with the programs that were found", async () => {
    const { store, formed } = await started({ folder: "/somewhere/kafka" });
    expect(formed).toEqual([false, false]);
    const [set] = store.list("StatefulSet", "messaging");
    expect(set?.spec).toMatchObject({
      replicas: 3,
      template: { spec: { volumes: [{ name: "programs", hostPath: { path: "/somewhere/kafka" } }] } },
    });
  });
});

describe("deploy/fetch-kafka.sh", () => {
  const ask = (env: Record<string, string>) =>
    spawnSync("sh", ["deploy/fetch-kafka.sh", "--cached"], { env: { ...process.env, ...env }, encoding: "utf8" });
  it("ends with a status of its own and one sentence when KAFKA_HOME holds no Kafka", () => {
    const { status, stdout, stderr } = ask({ KAFKA_HOME: "/nowhere" });
    expect(status).toBe(3);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^There is no Kafka here: /);
  });
});
