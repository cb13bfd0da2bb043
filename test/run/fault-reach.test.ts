import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ownNamespaces } from "../../src/cluster/own-namespace.ts";
import { AftershockError } from "../../src/errors.ts";
import { insertable } from "../../src/experiment/insert-parameters.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import { resolveParameters } from "../../src/experiment/parameters.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { findResource } from "../../src/lab/api/resources.ts";
import { prune } from "../../src/lab/api/prune.ts";
import { violations } from "../../src/lab/api/validate.ts";
import type { LabObject } from "../../src/lab/objects.ts";
import { faultObject, planFault } from "../../src/run/fault-manifest.ts";
import { refuseEveryHolder, refuseNamespace, refuseSecondIoFault } from "../../src/run/fault-reach.ts";
import { specProblem } from "../../src/run/fault-spec.ts";
import { pluralOf } from "../../src/cluster/kinds.ts";
import { hostileText, hostileValue, tries } from "../support/fuzz.ts";

const groups = {
  master: ["redis-0"],
  replicas: ["redis-1", "redis-2"],
  sentinels: ["sentinel-0"],
  everybody: ["redis-0", "redis-1", "redis-2", "sentinel-0"],
};
type Fault = Experiment["faults"][number];
const partition: Fault = {
  id: "cut",
  title: "Cut",
  kind: "NetworkChaos",
  subject: ["master"],
  target: ["replicas"],
  spec: { action: "partition", direction: "both" },
};
const kill: Fault = { ...partition, kind: "PodChaos", target: [], spec: { action: "pod-kill", gracePeriod: 0 } };
const io: Fault = {
  ...kill,
  kind: "IOChaos",
  spec: {
    action: "latency",
    delay: "100ms",
    volumePath: "/data",
    path: "/data/**/*",
    methods: ["WRITE", "fsync"],
    percent: 50,
    containerNames: ["redis"],
  },
};
const nameOf = (name: string): readonly string[] => (name === "master" ? groups.master : [name]);
const plan = (fault: Fault, namespace = "cache") => planFault(fault, { groups }, namespace, 15_000);
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof AftershockError && error.hint !== "") return error.code;
    throw error;
  }
  return "taken";
};

/** What the lab's API server says of an object, by the schema and the webhook of Chaos Mesh; empty: it takes it. */
function admission(fault: Fault): string[] {
  const row = findResource("chaos-mesh.org", "v1alpha1", pluralOf(fault.kind));
  if (row === undefined || !("custom" in row.schema)) return [];
  const made = faultObject(plan(fault), "cache", "run-1");
  const object = JSON.parse(JSON.stringify(made)) as LabObject;
  const { unknown } = prune(row.schema.custom, object, "");
  row.admission.setDefaults?.(object);
  const denied = row.admission.webhook?.deny(undefined, object) ?? null;
  return [
    ...unknown,
    ...violations(row.schema.custom, object, "").map((cause) => `${cause.field}: ${cause.message}`),
    ...(denied === null ? [] : [denied]),
  ];
}

describe("whom a fault may reach", () => {
  it.each([
    ["a partition of one side from another", partition],
    ["a kill of one pod", kill],
    ["a fault on one pod's volume", io],
    ["three of four pods held down", { ...kill, subject: ["master", "replicas"], spec: { action: "pod-failure" } }],
  ])("%s is planned", (_what, fault) => expect(codeOf(() => plan(fault))).toBe("taken"));
  it.each([
    ["every pod killed", { ...kill, subject: ["everybody"] }, /would hit every pod of the system \(4\)/],
    ["every pod, group by group", { ...kill, subject: ["master", "replicas", "sentinels"] }, /every pod/],
    ["every pod's volume", { ...io, subject: ["everybody"] }, /every pod/],
    ["a pod on both sides", { ...partition, target: ["everybody"] }, /redis-0 on both of its sides/],
    ["a partition from nobody, which is from everything", { ...partition, target: [] }, /names nobody to be cut off/],
  ])("%s is refused in planning", (_what, fault, message) => {
    expect(() => plan(fault)).toThrow(message);
    expect(codeOf(() => plan(fault))).toBe("not_allowed");
  });
  it.each([
    ["killed by one fault, though a Sentinel is left", [{ ...kill, subject: ["redis-0", "redis-1", "redis-2"] }]],
    ["killed and harmed by two faults together", [kill, { ...io, title: "Slow", subject: ["redis-1", "redis-2"] }]],
  ])("every pod that holds data is not %s", (_what, faults) => {
    const holders = ["redis-0", "redis-1", "redis-2"];
    const named = faults.map((fault) => ({ ...fault, subject: fault.subject.flatMap((name) => nameOf(name)) }));
    expect(codeOf(() => refuseEveryHolder(named, holders))).toBe("not_allowed");
    expect(() => refuseEveryHolder(named, holders)).toThrow(/every pod that holds data \(redis-0, redis-1, redis-2\)/);
    expect(codeOf(() => refuseEveryHolder(named, [...holders, "redis-3"]))).toBe("taken");
  });
  it("every pod that holds data may be cut off from others, and one alone may be killed", () => {
    const cut = { ...partition, subject: ["redis-0", "redis-1"] };
    expect(codeOf(() => refuseEveryHolder([cut], ["redis-0", "redis-1"]))).toBe("taken");
    expect(codeOf(() => refuseEveryHolder([{ ...kill, subject: ["redis-0"] }], ["redis-0"]))).toBe("taken");
  });
  it("a group that is empty, unknown or a name that every object has is refused as no target", () => {
    for (const subject of ["nobody", "constructor", "valueOf"]) {
      expect(codeOf(() => plan({ ...kill, subject: [subject] }))).toBe("no_targets");
    }
    expect(codeOf(() => planFault(kill, { groups: { ...groups, master: [] } }, "cache", 1))).toBe("no_targets");
  });
  it("a system of one pod may be hit: its guards say whether", () => {
    expect(codeOf(() => planFault(kill, { groups: { master: ["redis-0"] } }, "cache", 1))).toBe("taken");
  });
  it.each(["cache", "kube", "a"])("the namespace %s may be touched", (name) => {
    expect(codeOf(() => refuseNamespace(name, ["aftershock"]))).toBe("taken");
  });
  it.each([
    ["kube-system", "not_allowed"],
    ["kube-node-lease", "not_allowed"],
    ["chaos-mesh", "not_allowed"],
    ["aftershock", "not_allowed"],
    ["", "bad_parameter"],
    ["Cache", "bad_parameter"],
    ["*", "bad_parameter"],
    ["../x", "bad_parameter"],
  ])("the namespace %j is refused as %s", (name, code) =>
    expect(codeOf(() => refuseNamespace(name, ["aftershock"]))).toBe(code),
  );
  it("knows its own namespace from the service account's file, and none outside a cluster", () => {
    expect(ownNamespaces("/proc/self/comm")).toHaveLength(1);
    expect(ownNamespaces("/nowhere")).toEqual([]);
  });
});

describe("an object whose plan was stored by somebody else", () => {
  const planned = plan(partition);
  it("is made when its pods are named", () =>
    expect(codeOf(() => faultObject(planned, "cache", "run-1"))).toBe("taken"));
  it.each([
    ["no selector", { selector: undefined }],
    ["an empty selector", { selector: {} }],
    ["no pods", { selector: { namespaces: ["cache"] } }],
    ["an empty list of pods", { selector: { namespaces: ["cache"], pods: { cache: [] } } }],
    ["pods of another namespace", { selector: { namespaces: ["cache"], pods: { cache: ["a"], other: ["b"] } } }],
    ["another namespace", { selector: { namespaces: ["other"], pods: { cache: ["a"] } } }],
    ["labels beside its pods", { selector: { namespaces: ["cache"], pods: { cache: ["a"] }, labelSelectors: {} } }],
    ["a star for a pod", { selector: { namespaces: ["cache"], pods: { cache: ["*"] } } }],
    ["a share of its pods", { mode: "random-max-percent" }],
    ["a target that is anybody", { target: { mode: "all", selector: {} } }],
    ["a target that is null", { target: null }],
  ])("with %s is refused", (_what, change) => {
    const spec = { ...planned.spec, ...change };
    expect(codeOf(() => faultObject({ ...planned, spec }, "cache", "run-1"))).toBe("not_allowed");
  });
  it("in a namespace of the cluster is refused", () =>
    expect(codeOf(() => faultObject(plan(partition, "kube-system"), "kube-system", "run-1"))).toBe("not_allowed"));
  it("whatever stands for a selector, is pinned or refused", () => {
    fc.assert(
      fc.property(hostileValue, hostileText, (value, name) => {
        for (const selector of [value, { namespaces: ["cache"], pods: value }, { pods: { [name]: value } }]) {
          const spec = { ...planned.spec, selector };
          expect(codeOf(() => faultObject({ ...planned, spec }, "cache", "run-1"))).toBe("not_allowed");
        }
      }),
      tries(300),
    );
  });
});

describe("what a fault may hold", () => {
  const of = (fault: Fault, change: Record<string, unknown>): Fault => ({
    ...fault,
    spec: { ...fault.spec, ...change },
  });
  it.each([
    ["an own selector", of(partition, { selector: {} }), /spec: .*selector/],
    ["an own target", of({ ...partition, target: [] }, { target: { mode: "all", selector: {} } }), /spec: .*target/],
    ["targets outside", of(partition, { externalTargets: ["10.0.0.1"] }), /externalTargets/],
    ["another cluster", of(partition, { remoteCluster: "prod" }), /remoteCluster/],
    ["an own mode", of(kill, { mode: "one" }), /mode/],
    ["a duration", of(kill, { duration: "-5s" }), /duration/],
    ["an action that cannot be proven healed", of(partition, { action: "loss" }), /spec\.action/],
    ["an unknown action", of(kill, { action: "explode" }), /spec\.action/],
    ["a grace period in text", of(kill, { gracePeriod: "30s" }), /spec\.gracePeriod/],
    ["a negative grace period", of(kill, { gracePeriod: -1 }), /spec\.gracePeriod/],
    ["the root as volume", of(io, { volumePath: "/" }), /spec\.volumePath/],
    ["a volume above itself", of(io, { volumePath: "/data/../etc" }), /spec\.volumePath: a path without/],
    ["no glob, which is every file", of(io, { path: undefined }), /spec\.path/],
    ["a glob that is dropped", of(io, { path: "/data/pg_wal**" }), /spec\.path: a glob that can be read: \*\* must/],
    ["an open bracket", of(io, { path: "/data/[ab" }), /spec\.path/],
    ["a method that does not exist", of(io, { methods: ["fdatasync"] }), /spec\.methods\.0/],
    ["no method at all", of(io, { methods: [] }), /spec\.methods/],
    ["a percentage in text", of(io, { percent: "50" }), /spec\.percent/],
    ["a percentage above 100", of(io, { percent: 101 }), /spec\.percent/],
    ["a negative percentage", of(io, { percent: -1 }), /spec\.percent/],
    ["a negative delay", of(io, { delay: "-100ms" }), /spec\.delay/],
    ["no delay", of(io, { delay: undefined }), /spec\.delay/],
    ["a delay of nothing", of(io, { delay: "0ms" }), /spec\.delay/],
    ["a delay of hours", of(io, { delay: "2h" }), /spec\.delay/],
    ["an error by name", of(io, { action: "fault", delay: undefined, errno: "EIO" }), /spec\.errno/],
    ["the error zero", of(io, { action: "fault", delay: undefined, errno: 0 }), /spec\.errno/],
    ["no container", of(io, { containerNames: [] }), /spec\.containerNames/],
  ])("not %s", (_what, fault, message) => {
    expect(() => plan(fault)).toThrow(message);
    expect(codeOf(() => plan(fault))).toBe("bad_experiment");
  });
  it("is, for every fault of the catalogue at its defaults and in every profile, taken by the cluster", async () => {
    const experiments = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));
    expect(experiments.length).toBeGreaterThan(10);
    for (const experiment of experiments) {
      for (const profile of [undefined, ...Object.keys(experiment.profiles)]) {
        const inserts = insertable(experiment, resolveParameters(experiment, {}, profile));
        for (const fault of experiment.faults) {
          const names = [...fault.subject, ...fault.target];
          const own = Object.fromEntries(names.map((name, at) => [name.replace(/\W/g, "") || name, [`pod-${at}`]]));
          const members = { ...own, primary: ["pod-0"], other: ["pod-8", "pod-9"] };
          const subject = fault.subject.map((name) => name.replace(/\W/g, ""));
          const target = fault.target.map((name) => name.replace(/\W/g, ""));
          const planned = planFault({ ...fault, subject, target }, { groups: members }, "cache", 15_000, inserts);
          expect(planned.subject.length).toBeGreaterThan(0);
        }
      }
    }
  });
});

describe("what planning takes, the API server takes", () => {
  let kinds: fc.Arbitrary<Fault>;
  beforeAll(() => {
    const value = fc.oneof(
      hostileValue,
      fc.constantFrom<unknown>("partition", "pod-kill", "pod-failure", "latency", "fault", "both", "to", "/data", "**"),
      fc.constantFrom<unknown>(["write"], ["redis"], 5, 50, 100, "10ms", "1m", undefined),
    );
    const keys =
      "action direction gracePeriod volumePath path methods percent delay errno containerNames selector target mode " +
      "duration value remoteCluster attr __proto__";
    const key = fc.constantFrom(...keys.split(" "));
    kinds = fc
      .tuple(fc.constantFrom(partition, kill, io), fc.array(fc.tuple(key, value), { maxLength: 3 }))
      .map(([fault, changes]) => ({ ...fault, spec: { ...fault.spec, ...Object.fromEntries(changes) } }));
  });
  it("as it stands", () => {
    for (const fault of [partition, kill, io]) expect(admission(fault)).toEqual([]);
  });
  it("whatever was changed in a spec: refused by name before anything is made, or admitted", () => {
    fc.assert(
      fc.property(kinds, (fault) => {
        const code = codeOf(() => plan(fault));
        if (code === "taken") expect(admission(fault)).toEqual([]);
        else expect(code).toBe("bad_experiment");
      }),
      tries(1000),
    );
  });
  it("and a spec of any kind and shape never makes the check fail by itself", () => {
    fc.assert(
      fc.property(hostileText, fc.dictionary(hostileText, hostileValue, { maxKeys: 4 }), (kind, spec) => {
        for (const one of [kind, "IOChaos", "NetworkChaos", "PodChaos", "Cordon", "PodDelete", "ScratchPostgres"]) {
          const problem = specProblem(one, spec);
          expect(problem === null || problem.startsWith("spec")).toBe(true);
        }
      }),
      tries(300),
    );
  });
});

describe("one IOChaos a pod", () => {
  const faults = (...subjects: string[][]) =>
    subjects.map((subject, at) => ({ title: `F${at}`, kind: "IOChaos", subject }));
  it("refuses a second one on the same pod, naming both, and takes any on other pods", () => {
    expect(() => refuseSecondIoFault(faults(["pg-0"], ["pg-1", "pg-0"]))).toThrow(
      /"F1" would overwrite the fault "F0".*pg-0/,
    );
    expect(codeOf(() => refuseSecondIoFault(faults(["pg-0"], ["pg-0"])))).toBe("not_allowed");
    expect(() => refuseSecondIoFault(faults(["pg-0"], ["pg-1"]))).not.toThrow();
  });
  it("says nothing of other kinds", () => {
    const cut = { title: "C", kind: "NetworkChaos", subject: ["pg-0"] };
    expect(() => refuseSecondIoFault([...faults(["pg-0"]), cut, cut])).not.toThrow();
  });
});

describe("what Chaos Mesh would take for something else is refused in an IOChaos", () => {
  const { spec } = io;
  it.each<[string, object, RegExp | null]>([
    ["as it stands", {}, null],
    ["an unknown method", { methods: ["write", "fdatasync"] }, /methods/],
    ["the method that the documentation misspells", { methods: ["removexatr"] }, /methods/],
    ["a method in capitals, which toda lowers", { methods: ["FSYNC"] }, null],
    ["a glob that cannot be read", { path: "/data/pg_wal**" }, /path/],
    ["a glob with an open bracket", { path: "/data/[!]" }, /path/],
    ["no glob", { path: undefined }, /path/],
    ["an errno in words", { action: "fault", delay: undefined, errno: "EIO" }, /errno/],
    ["an errno in text", { action: "fault", delay: undefined, errno: "5" }, /errno/],
    ["an errno", { action: "fault", delay: undefined, errno: 5 }, null],
    ["no errno", { action: "fault", delay: undefined }, /errno/],
    ["a percentage in text", { percent: "50" }, /percent/],
    ["a percentage with a fraction", { percent: 12.5 }, /percent/],
    ["the root as a volume", { volumePath: "/" }, /volumePath/],
    ["the root in disguise", { volumePath: "//" }, /volumePath/],
    ["a slash at the end, which no mount has", { volumePath: "/data/" }, /volumePath/],
    ["the singular that is pruned", { containerName: "redis" }, /containerName/],
    ["NetworkChaos' delay", { delay: { latency: "10ms" } }, /delay/],
  ])("%s", (_what, change, problem) => {
    const changed = Object.fromEntries(
      Object.entries({ ...spec, ...change }).filter(([, value]) => value !== undefined),
    );
    const found = specProblem("IOChaos", changed);
    if (problem === null) expect(found).toBeNull();
    else expect(found).toMatch(problem);
  });
});
