import { describe, expect, it } from "vitest";
import { hostsText } from "../../src/lab/runtime/hosts.ts";
import { readPodSpec } from "../../src/lab/runtime/pod-spec.ts";
import { createStore } from "../../src/lab/store/store.ts";

describe("the names that a pod of the lab has and knows", () => {
  it("has variables made of those before them, as Kubernetes makes them", () => {
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const env = [
      { name: "EARLY", value: "$(POD_NAME)" },
      field("POD_NAME", "metadata.name"),
      { name: "NODE", value: "rabbit@$(POD_NAME).svc" },
      { name: "ESCAPED", value: "$$(POD_NAME) $HOME $(NOBODY)" },
    ];
    const pod = createStore().create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "rabbitmq-1", namespace: "messaging" },
      spec: { containers: [{ name: "rabbitmq", env }] },
    });
    expect(readPodSpec(pod, "10.0.0.1").containers[0]?.env).toEqual({
      EARLY: "$(POD_NAME)",
      POD_NAME: "rabbitmq-1",
      NODE: "rabbit@rabbitmq-1.svc",
      ESCAPED: "$(POD_NAME) $HOME $(NOBODY)",
    });
  });
  it("knows a member of a headless service by every name that cluster DNS makes of it", () => {
    const store = createStore();
    store.create({
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "rabbitmq", namespace: "messaging" },
      subsets: [{ addresses: [{ ip: "10.0.0.7", targetRef: { kind: "Pod", name: "rabbitmq-1" } }] }],
    });
    const line = hostsText(store)
      .split("\n")
      .find((text) => text.startsWith("10.0.0.7 "));
    const long = "rabbitmq-1.rabbitmq.messaging";
    expect(line?.split(" ")).toEqual(
      expect.arrayContaining([`${long}.svc.cluster.local`, `${long}.svc`, long, "rabbitmq-1.rabbitmq", "rabbitmq-1"]),
    );
  });
});
