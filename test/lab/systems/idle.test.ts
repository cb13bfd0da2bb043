import { describe, expect, it } from "vitest";
import { startOnDemand, type LabSystem } from "../../../src/lab/systems/on-demand.ts";
import { namespacesOf, type Sleeper } from "../../../src/lab/systems/sleeper.ts";
import type { LabObject } from "../../../src/lab/objects.ts";
import { waitFor } from "../../support/stack.ts";

const afterMs = 120;

/** Test doubles of a system and of what scales it: they only note what they were told. */
function idleSystem(uses: () => string | null = () => null) {
  const told: string[] = [];
  const system: LabSystem = {
    namespace: "etcd",
    start: () => void told.push("start"),
    formed: async () => true,
  };
  const sleeper: Sleeper = {
    use: uses,
    sleep: () => void told.push("sleep"),
    stopping: () => false,
    resume: () => void told.push("resume"),
  };
  const onDemand = startOnDemand([system], () => undefined, { afterMs, sleeper });
  const until = (expected: string[]) =>
    waitFor(
      async () => told,
      (seen) => seen.length >= expected.length,
      5000,
    ).then((seen) => expect(seen).toEqual(expected));
  return { onDemand, told, until };
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a system that nobody uses", () => {
  it("stops once, and is scaled up, not created anew, when it is asked for again", async () => {
    const { onDemand, until } = idleSystem();
    (await onDemand.wake({ namespace: "etcd" }))();
    await until(["start", "sleep"]);
    await pause(2 * afterMs);
    (await onDemand.wake({ namespace: "etcd" }))();
    await until(["start", "sleep", "resume", "sleep"]);
    onDemand.stop();
  });
  it("does not stop while a question about it has not ended", async () => {
    const { onDemand, told, until } = idleSystem();
    const watchEnds = await onDemand.wake({ namespace: "etcd" });
    (await onDemand.wake({ namespace: "etcd" }))();
    await pause(4 * afterMs);
    expect(told).toEqual(["start"]);
    watchEnds();
    watchEnds();
    await until(["start", "sleep"]);
    onDemand.stop();
  });
  it("does not stop while something says that it is in use, nor just after", async () => {
    let use: string | null = "NetworkChaos run-1-cut is there";
    const { onDemand, told, until } = idleSystem(() => use);
    (await onDemand.wake({ namespace: "etcd" }))();
    await pause(4 * afterMs);
    expect(told).toEqual(["start"]);
    use = null;
    await until(["start", "sleep"]);
    onDemand.stop();
  });
});

it("starts what a system needs before it, and holds that until the system has formed", async () => {
  const order: string[] = [];
  const system = (namespace: string, needs: string[]): LabSystem => ({
    namespace,
    needs,
    start: () => void order.push(namespace),
    formed: async () => true,
  });
  const onDemand = startOnDemand([system("app", ["database"]), system("database", [])], () => undefined);
  await onDemand.wake({ namespace: "app" });
  expect(order).toEqual(["database", "app"]);
  onDemand.stop();
});

it("counts a chaos object to the namespaces that it selects in, not only to its own", () => {
  const object = (spec: object): LabObject =>
    ({ kind: "NetworkChaos", metadata: { name: "cut", namespace: "default" }, spec }) as unknown as LabObject;
  const both = { selector: { namespaces: ["etcd"] }, target: { selector: { pods: { database: ["postgresql-0"] } } } };
  expect([...namespacesOf(object(both))].toSorted()).toEqual(["database", "default", "etcd"]);
  expect([...namespacesOf(object({ selector: { labelSelectors: { app: "etcd" } } }))]).toEqual(["default"]);
});
