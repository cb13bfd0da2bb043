import { describe, expect, it } from "vitest";
import { podNames } from "../../src/probes/pod-names.ts";
import type { PodAddress } from "../../src/probes/system.ts";

const pod = (name: string, host: string): PodAddress => ({
  name,
  namespace: "cache",
  uid: name,
  host,
  labels: {},
  ready: true,
});
const names = podNames("cache");
names.learn([pod("redis-node-0", "10.0.0.1"), pod("redis-node-1", "10.0.0.2"), pod("redis-node-2", "")]);

describe("the pod that an address means that a server tells", () => {
  it.each([
    ["10.0.0.1", "redis-node-0"],
    ["redis-node-1", "redis-node-1"],
    ["redis-node-1.redis-headless", "redis-node-1"],
    ["redis-node-2.redis-headless.cache.svc.cluster.local", "redis-node-2"],
    ["Redis-Node-2.redis-headless.cache.svc.cluster.local.", "redis-node-2"],
  ])("%s is %s", (address, name) => expect(names.nameOf(address)).toBe(name));
  it.each(["10.0.0.9", "", "redis-node-9.redis-headless", "redis-node-0.redis-headless.other.svc.cluster.local"])(
    "%s is none of ours",
    (address) => expect(names.nameOf(address)).toBe(address),
  );
  it("is known by an address that it had before, and by its new one", () => {
    names.learn([pod("redis-node-1", "10.0.0.7")]);
    expect([names.nameOf("10.0.0.2"), names.nameOf("10.0.0.7")]).toEqual(["redis-node-1", "redis-node-1"]);
  });
  it("is known by what it announces, unless two announce the same", () => {
    names.announced([
      { pod: "redis-node-0", address: "10.96.0.1" },
      { pod: "redis-node-1", address: "10.96.0.5" },
      { pod: "redis-node-2", address: "10.96.0.5" },
    ]);
    expect([names.nameOf("10.96.0.1"), names.nameOf("10.96.0.5")]).toEqual(["redis-node-0", "10.96.0.5"]);
  });
});
