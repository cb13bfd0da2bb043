import { describe, expect, it } from "vitest";
import { loadExperiments } from "../../src/experiment/load.ts";
import { chooseTarget, withTargets } from "../../src/targets/choose.ts";
import type { Target } from "../../src/targets/target.ts";

const target = (name: string, namespace: string): Target => ({
  name,
  systems: ["redis-sentinel"],
  namespace,
  selectors: {},
  parameters: {},
  access: {},
});
const asked = (target: string, namespace?: string) => ({
  cluster: "prod",
  system: "redis-sentinel",
  target,
  namespace,
});
const two = [target("orders", "shop"), target("sessions", "web")];

describe("which target a run is about", () => {
  it("is the only one there is, or the only one in the namespace that was asked for", () => {
    expect(chooseTarget(two.slice(0, 1), asked("auto"))?.name).toBe("orders");
    expect(chooseTarget(two, asked("auto", "web"))?.name).toBe("sessions");
  });
  it("is none where none is configured there, and where none is asked for", () => {
    expect(chooseTarget([], asked("auto"))).toBeNull();
    expect(chooseTarget(two, asked("auto", "elsewhere"))).toBeNull();
    expect(chooseTarget(two, asked("none", "web"))).toBeNull();
  });
  it("is never guessed", () => {
    expect(() => chooseTarget(two, asked("auto"))).toThrow("several targets for redis-sentinel: orders, sessions");
  });
  it("is refused in another namespace than its own, and on a cluster that has none of that name", () => {
    expect(() => chooseTarget(two, asked("orders", "web"))).toThrow("is in the namespace shop, not in web");
    expect(() => chooseTarget(two, asked("order"))).toThrow("has no target order");
    expect(() => chooseTarget([], asked("orders"))).toThrow("has no target orders");
  });
  it("is a parameter only of experiments for whose system there is one", async () => {
    const experiments = withTargets(await loadExperiments("jobs"), two);
    const having = experiments.filter(({ parameters }) => parameters["target"] !== undefined);
    expect([...new Set(having.map(({ system }) => system))]).toEqual(["redis-sentinel"]);
    expect(having[0]?.parameters["target"]).toMatchObject({ choices: ["auto", "orders", "sessions", "none"] });
  });
});
