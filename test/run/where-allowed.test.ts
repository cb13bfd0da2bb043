import { describe, expect, it } from "vitest";
import { allowedOf, scopeOf } from "../../src/compose/allowed.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { makePlan } from "../../src/run/planner.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { refuseOutside } from "../../src/run/where-allowed.ts";
import { doubleExperiment } from "../support/double-experiment.ts";

const fault = { id: "hit", title: "Hit", kind: "PodChaos", subject: ["master"], target: [], spec: {} } as const;
const experiment = { name: "redis-split-brain" };
const allowed = { experiments: ["redis-split-brain"], namespaces: { staging: ["cache", "app"] } };
const ask = (cluster: string, parameters: Record<string, string>) => () =>
  refuseOutside(allowed, { experiment, cluster, parameters });

describe("what the configuration allows", () => {
  it("is that experiment in that namespace, and every namespace of a cluster that names none", () => {
    expect(ask("staging", { namespace: "cache" })).not.toThrow();
    expect(ask("lab", { namespace: "anything" })).not.toThrow();
  });
  it("refuses an experiment that is not enabled, and says where it is enabled", () => {
    const other = { experiment: { name: "patroni-failover" }, cluster: "lab", parameters: {} };
    expect(() => refuseOutside(allowed, other)).toThrow(/patroni-failover is not enabled/);
    expect(() => refuseOutside(allowed, other)).toThrow(
      expect.objectContaining({ code: "not_allowed", hint: expect.stringContaining("experiments.enabled") }),
    );
  });
  it("refuses another namespace, of the system or of its application, and names those that there are", () => {
    expect(ask("staging", { namespace: "billing" })).toThrow(/staging may not be used in the namespace billing/);
    expect(ask("staging", { namespace: "billing" })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("cache, app") }),
    );
    const application = { namespace: "cache", appNamespace: "shop" };
    expect(ask("staging", { ...application, application: "on" })).toThrow(/shop \(appNamespace=\)/);
    expect(ask("staging", { ...application, application: "off" })).not.toThrow();
  });
});

describe("the configuration's names", () => {
  const clusters = { staging: { namespaces: ["cache"] }, lab: {} };
  it("must be experiments that there are", () => {
    const config = { clusters, experiments: { enabled: ["redis-splitbrain"] } };
    expect(() => allowedOf(config, [experiment])).toThrow(/experiments.enabled: there is no experiment/);
  });
  it("say of a cluster where is looked for leftovers, and whether nodes are", () => {
    const catalogue = [doubleExperiment("break", "high", [{ ...fault, subject: ["master"], target: [] }])];
    const open = allowedOf({ clusters, experiments: {} }, catalogue);
    expect(scopeOf(open, "staging", catalogue)).toEqual({ namespaces: ["cache"], nodes: false });
    const cordoning = catalogue.map((each) => ({
      ...each,
      faults: [{ ...fault, subject: ["master"], target: [], kind: "Cordon" as const }],
    }));
    expect(scopeOf(open, "lab", cordoning)).toEqual({ namespaces: null, nodes: true });
  });
});

describe("a plan past the configuration", () => {
  const session = { topology: async () => ({ groups: {}, summary: "" }), close: async () => undefined };
  let opened = 0;
  const adapter: SystemAdapter = {
    name: "double",
    open: async () => {
      opened += 1;
      return session as unknown as SystemSession;
    },
  };
  it("is refused before the system is asked", async () => {
    const found = doubleExperiment("break", "high", [{ ...fault, subject: ["master"], target: [] }]);
    const registry = createRegistry({
      experiments: [found],
      clusters: [{ name: "lab" } as Cluster],
      systems: [adapter],
      allowed: { experiments: ["dent"], namespaces: {} },
    });
    const input = { experiment: found, typed: {}, cluster: "lab", approvalsNeeded: 1 };
    await expect(makePlan(registry, input)).rejects.toThrow(/break is not enabled/);
    expect(opened).toBe(0);
  });
});
