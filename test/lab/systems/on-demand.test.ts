import { describe, expect, it } from "vitest";
import { startOnDemand, systemsMeant, type LabSystem } from "../../../src/lab/systems/on-demand.ts";

const system = (namespace: string, apps?: readonly string[]): LabSystem & { starts: number } => {
  const made = {
    namespace,
    ...(apps === undefined ? {} : { apps }),
    starts: 0,
    start: () => {
      made.starts += 1;
    },
    formed: async () => true,
  };
  return made;
};

describe("whom a question is for", () => {
  const etcd = system("etcd");
  const rabbitmq = system("messaging", ["rabbitmq"]);
  const kafka = system("messaging", ["kafka"]);
  const all = [etcd, rabbitmq, kafka];
  const none = (): boolean => false;
  const meant = (question: Parameters<typeof systemsMeant>[1], runs: (one: LabSystem) => boolean = none) =>
    systemsMeant(all, question, runs);

  it.each([
    [{ labelSelector: "app=rabbitmq" }],
    [{ labelSelector: "tier!=web,app in (rabbitmq, other)" }],
    [{ name: "rabbitmq-0" }],
    [{ name: "rabbitmq" }],
    [{ name: "data-rabbitmq-2" }],
  ])("%o is for RabbitMQ alone", (question) => {
    expect(meant({ namespace: "messaging", ...question })).toEqual([rabbitmq]);
  });
  it("anything in a namespace is for all of it, until some of it runs", () => {
    expect(meant({ namespace: "messaging" })).toEqual([rabbitmq, kafka]);
    expect(meant({ namespace: "messaging" }, (one) => one === kafka)).toEqual([kafka]);
    expect(meant({ namespace: "messaging", name: "run-1-kill" }, (one) => one === kafka)).toEqual([kafka]);
  });
  it("one that names a sleeping neighbour is for the neighbour", () => {
    expect(meant({ namespace: "messaging", name: "kafka-1" }, (one) => one === rabbitmq)).toEqual([kafka]);
  });
  it("one that asks for another app is for nobody", () => {
    expect(meant({ namespace: "messaging", labelSelector: "app=nginx" })).toEqual([]);
    expect(meant({ namespace: "default" })).toEqual([]);
  });
  it("a system that names no apps answers for every question in its namespace", () => {
    expect(meant({ namespace: "etcd", labelSelector: "app=other" })).toEqual([etcd]);
    expect(meant({ namespace: "etcd", name: "nobody" })).toEqual([etcd]);
  });
});

it("starts a system once, however many ask", async () => {
  const rabbitmq = system("messaging", ["rabbitmq"]);
  const onDemand = startOnDemand([rabbitmq], () => undefined);
  await Promise.all([
    onDemand.wake({ namespace: "messaging" }),
    onDemand.wake({ namespace: "messaging", name: "rabbitmq-1" }),
  ]);
  expect(rabbitmq.starts).toBe(1);
  onDemand.stop();
});
