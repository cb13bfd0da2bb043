import { describe, expect, it } from "vitest";
import { clusterTargetsKey } from "../../src/config/targets.ts";

const parse = (system: string, part: string, access: Record<string, unknown>) =>
  clusterTargetsKey.targets.safeParse([
    { name: "orders", systems: [system], namespace: "orders", access: { [part]: access } },
  ]);
const certificate = { cert: { variable: "CERT" }, key: { variable: "KEY" } };

describe("the mechanism of a target's login", () => {
  it.each([
    ["kafka", "kafka", { user: "probe", mechanism: "SCRAM-SHA-512" }],
    ["kafka", "controller", { user: "probe", mechanism: "PLAIN" }],
    ["rabbitmq", "amqp", { user: "probe", mechanism: "PLAIN" }],
    ["rabbitmq", "amqp", { mechanism: "EXTERNAL", tls: certificate }],
  ])("%s, %s: %j is taken", (system, part, access) => {
    expect(parse(system, part, access).error).toBeUndefined();
  });
  it.each([
    ["kafka", "kafka", { mechanism: "EXTERNAL", tls: certificate }, /kafka takes PLAIN, SCRAM/],
    ["rabbitmq", "amqp", { user: "probe", mechanism: "SCRAM-SHA-256" }, /amqp takes PLAIN, EXTERNAL/],
    ["rabbitmq", "amqp", { mechanism: "EXTERNAL" }, /takes its name from tls\.cert/],
    ["rabbitmq", "amqp", { user: "probe", mechanism: "EXTERNAL", tls: certificate }, /and no user/],
    ["etcd", "etcd", { user: "probe", mechanism: "PLAIN" }, /no mechanism to choose/],
  ])("%s, %s: %j is not", (system, part, access, says) => {
    expect(parse(system, part, access).error?.message).toMatch(says);
  });
});
