import { describe, expect, it } from "vitest";
import { isAftershockError, type AftershockError } from "../../src/errors.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import { refuseWrongParameters } from "../../src/targets/check-parameters.ts";
import { presets, withPreset } from "../../src/targets/presets.ts";
import type { Target } from "../../src/targets/target.ts";

const experiments = await loadExperiments("jobs");
const target = (systems: string[], parameters: Target["parameters"]): Target => ({
  name: "orders",
  systems,
  namespace: "shop",
  selectors: {},
  parameters,
  access: {},
});
const checked = (systems: string[], parameters: Target["parameters"], some = experiments): AftershockError | null => {
  try {
    refuseWrongParameters({ prod: [target(systems, parameters)] }, some);
    return null;
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    return error;
  }
};

describe("a target's parameters", () => {
  it("are taken where some experiment of its systems has them, with a value that it takes", () => {
    expect(checked(["redis-sentinel"], { masterName: "orders" })).toBeNull();
    expect(checked(["patroni"], { scope: "orders", lock: "endpoints" })).toBeNull();
  });
  it("are refused by a name that nothing has, which a run would ignore", () => {
    const error = checked(["redis-sentinel"], { mastername: "orders" });
    expect(error).toMatchObject({
      code: "bad_config",
      message: "The target orders of the cluster prod sets mastername, which no experiment of redis-sentinel has.",
      hint: "Did you mean masterName? It is in clusters.prod.targets.",
    });
    expect(checked(["etcd"], { quorum: 3 })?.hint).toMatch(/^In clusters\.prod\.targets, one of: .*rate/);
  });
  it("are refused with a value that no experiment takes, before any run is asked for", () => {
    const error = checked(["patroni"], { lock: "endpoint" });
    expect(error?.code).toBe("bad_config");
    expect(error?.message).toMatch(
      /^The target orders of the cluster prod: lock=endpoint is not allowed for .*: it must/,
    );
    expect(error?.hint).toBe("Mend it in clusters.prod.targets.");
  });
  it("may be what one experiment takes and another does not: that one says so when it is planned", () => {
    const [one] = experiments.filter(({ name }) => name === "redis-failover");
    if (one === undefined) throw new Error("redis-failover is gone");
    const { rate } = one.parameters;
    if (rate?.type !== "integer") throw new Error("its rate is no number");
    const narrow = { ...one, name: "narrow", parameters: { ...one.parameters, rate: { ...rate, max: 5, default: 1 } } };
    expect(checked(["redis-sentinel"], { rate: 20 }, [one, narrow])).toBeNull();
    expect(checked(["redis-sentinel"], { rate: 20 }, [narrow])?.message).toContain("rate=20 is not allowed for narrow");
  });
  it("are refused where the target itself says it", () => {
    expect(checked(["patroni"], { namespace: "other" })?.hint).toBe(
      "In clusters.prod.targets, write it beside parameters.",
    );
    expect(checked(["patroni"], { target: "orders" })?.message).toContain("has target among its parameters");
  });
  it("are not judged where the catalogue has no experiment of its systems", () => {
    expect(checked(["patroni"], { mastername: "x" }, [])).toBeNull();
  });
  it.each(presets.map((preset) => [preset.name, preset] as const))(
    "of the preset %s are all taken",
    (_name, preset) => {
      for (const transport of preset.transports) {
        const written = { selectors: {}, parameters: {}, access: {}, login: "secret" as const };
        const instance = { instance: "orders", transport, user: undefined };
        // Also where a person takes one of its systems alone.
        for (const systems of [undefined, ...preset.systems.map((system) => [system])]) {
          const { parameters, systems: own } = withPreset(preset, instance, { ...written, systems });
          expect(checked([...own], parameters)).toBeNull();
        }
      }
    },
  );
});
