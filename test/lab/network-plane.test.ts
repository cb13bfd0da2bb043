import { expect, it } from "vitest";
import { createNetworkPlane } from "../../src/lab/chaos/network-plane.ts";
import type { DropRule } from "../../src/lab/chaos/partition-rules.ts";
import type { LabObject } from "../../src/lab/objects.ts";
import type { PodFaults } from "../../src/lab/runtime/pod-faults.ts";
import { createStore } from "../../src/lab/store/store.ts";

it("two objects that put rules into one pod at once both have theirs in force", async () => {
  const store = createStore();
  const pod = store.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "redis-0", namespace: "cache" },
    spec: {},
  });
  /** A double of the way into a pod's network: it takes the rules, and its time. */
  const slow = ["sh", "-c", "cat >/dev/null; sleep 0.1"];
  const plane = createNetworkPlane(store, { enterNetwork: () => () => slow } as unknown as PodFaults);
  const rule = (source: string): DropRule => ({ source, direction: "in", addresses: "all" });
  const sources = (): unknown[] => {
    const child = store.get({ kind: "PodNetworkChaos", namespace: "cache", name: "redis-0" }) as LabObject;
    return ((child.spec?.["iptables"] ?? []) as Array<{ source: string }>).map(({ source }) => source);
  };
  await Promise.all(["cache/a", "cache/b"].map((source) => plane.set(pod, source, [rule(source)])));
  expect(sources()).toEqual(["cache/a", "cache/b"]);
  await Promise.all([plane.set(pod, "cache/a", []), plane.set(pod, "cache/c", [rule("cache/c")])]);
  expect(sources()).toEqual(["cache/b", "cache/c"]);
});
