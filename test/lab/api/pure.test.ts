import { describe, expect, it } from "vitest";
import { humanDuration } from "../../../src/lab/api/age.ts";
import { goDurationProblem } from "../../../src/lab/api/go-duration.ts";
import { parseLabelSelector, parseSelectorObject } from "../../../src/lab/api/label-selector.ts";
import { jsonPatch, mergePatch } from "../../../src/lab/api/patch-json.ts";
import { strategicPatch } from "../../../src/lab/api/patch-strategic.ts";
import { podColumns } from "../../../src/lab/api/columns/pod.ts";
import { readProtobuf } from "../../../src/lab/api/protobuf.ts";
import type { LabObject } from "../../../src/lab/objects.ts";

describe("ages are printed as kubectl prints them", () => {
  const second = 1000;
  const [minute, hour, day] = [60 * second, 3600 * second, 86_400 * second];
  it.each([
    [0, "0s"],
    [119 * second, "119s"],
    [2 * minute, "2m"],
    [9 * minute + 5 * second, "9m5s"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [7 * hour + 30 * minute, "7h30m"],
    [47 * hour, "47h"],
    [2 * day + 5 * hour, "2d5h"],
    [8 * day, "8d"],
    [800 * day, "2y70d"],
    [3000 * day, "8y"],
    [-1 * second, "0s"],
    [-5 * second, "<invalid>"],
  ])("%d ms is %s", (spanMs, text) => expect(humanDuration(spanMs)).toBe(text));
});

describe("Go durations", () => {
  it.each(["30s", "1h30m", "-1.5h", "300ms", "0", "1us", "2µs", ".5s"])("%s parses", (text) =>
    expect(goDurationProblem(text)).toBeNull(),
  );
  it.each([
    ["", 'time: invalid duration ""'],
    ["10", 'time: missing unit in duration "10"'],
    ["5d", 'time: unknown unit "d" in duration "5d"'],
    ["s", 'time: invalid duration "s"'],
  ])("%s does not", (text, problem) => expect(goDurationProblem(text)).toBe(problem));
});

describe("label selectors", () => {
  const labels = { app: "redis", role: "master" };
  it.each([
    ["", true],
    ["app=redis,role==master", true],
    ["app!=redis", false],
    ["zone!=a", true],
    ["role in (master, replica)", true],
    ["role notin (master)", false],
    ["zone notin (a)", true],
    ["app,!zone", true],
    ["zone", false],
  ])("%s", (selector, matches) => expect(parseLabelSelector(selector)(labels)).toBe(matches));
  it.each(["a b", "in (x)", "a=(x)", "=x"])("%s is refused", (selector) =>
    expect(() => parseLabelSelector(selector)).toThrow("unable to parse requirement"),
  );
  it("as objects", () => {
    const expression = (operator: string, values?: string[]) => ({
      matchExpressions: [{ key: "role", operator, values }],
    });
    expect(parseSelectorObject(expression("In", ["master"]))(labels)).toBe(true);
    expect(parseSelectorObject(expression("NotIn", ["master"]))(labels)).toBe(false);
    expect(parseSelectorObject(expression("Exists"))(labels)).toBe(true);
    expect(parseSelectorObject(expression("DoesNotExist"))(labels)).toBe(false);
    expect(parseSelectorObject(expression("Nonsense"))(labels)).toBe(false);
  });
});

describe("patches", () => {
  it("merge: the examples of RFC 7386", () => {
    expect(mergePatch({ a: "b", c: { d: "e", f: "g" } }, { a: "z", c: { f: null } })).toEqual({
      a: "z",
      c: { d: "e" },
    });
    expect(mergePatch({ a: [{ b: "c" }] }, { a: [1] })).toEqual({ a: [1] });
    expect(mergePatch({}, { a: { bb: { ccc: null } } })).toEqual({ a: { bb: {} } });
  });

  it("JSON: every operation of RFC 6902, and none on what is not there", () => {
    const start = { a: [1, 2], b: { "x/y": 1 } };
    const apply = (...operations: object[]) => jsonPatch(start, operations);
    expect(apply({ op: "add", path: "/a/1", value: 9 })).toEqual({ a: [1, 9, 2], b: { "x/y": 1 } });
    expect(apply({ op: "add", path: "/a/-", value: 9 })).toMatchObject({ a: [1, 2, 9] });
    expect(apply({ op: "replace", path: "/a/0", value: 9 })).toMatchObject({ a: [9, 2] });
    expect(apply({ op: "remove", path: "/b/x~1y" })).toMatchObject({ b: {} });
    expect(apply({ op: "move", from: "/a/0", path: "/c" })).toMatchObject({ a: [2], c: 1 });
    expect(apply({ op: "copy", from: "/a", path: "/c" })).toMatchObject({ a: [1, 2], c: [1, 2] });
    expect(apply({ op: "test", path: "/a", value: [1, 2] })).toEqual(start);
    expect(() => apply({ op: "remove", path: "/z" })).toThrow("does not exist");
    expect(() => apply({ op: "add", path: "/a/7", value: 1 })).toThrow("out of range");
    expect(() => apply({ op: "test", path: "/a", value: 1 })).toThrow("testing value /a failed");
    expect(start).toEqual({ a: [1, 2], b: { "x/y": 1 } });
  });

  it("strategic: lists are merged by their key, with kubectl's directives", () => {
    const spec = {
      containers: [
        { name: "a", image: "1", env: [{ name: "X", value: "1" }] },
        { name: "b", image: "1" },
      ],
    };
    expect(strategicPatch({ spec }, { spec: { containers: [{ name: "b", image: "2" }] } })).toEqual({
      spec: { containers: [spec.containers[0], { name: "b", image: "2" }] },
    });
    const removal = { containers: [{ name: "a", $patch: "delete" }], "$setElementOrder/containers": [{ name: "b" }] };
    expect(strategicPatch(spec, removal)).toEqual({ containers: [{ name: "b", image: "1" }] });
    const order = {
      "$setElementOrder/containers": [{ name: "c" }, { name: "b" }, { name: "a" }],
      containers: [{ name: "c" }],
    };
    const names = (strategicPatch(spec, order) as typeof spec).containers.map(({ name }) => name);
    expect(names).toEqual(["c", "b", "a"]);
    expect(strategicPatch({ finalizers: ["x", "y"] }, { "$deleteFromPrimitiveList/finalizers": ["x"] })).toEqual({
      finalizers: ["y"],
    });
    expect(strategicPatch({ a: { b: 1, c: 2 } }, { a: { $retainKeys: ["c"], c: 3 } })).toEqual({ a: { c: 3 } });
    expect(strategicPatch({ a: { b: 1 } }, { a: { $patch: "replace", c: 1 } })).toEqual({ a: { c: 1 } });
    expect(strategicPatch({ args: ["1", "2"] }, { args: ["3"] })).toEqual({ args: ["3"] });
  });
});

describe("the STATUS and RESTARTS of a pod", () => {
  const nowMs = Date.parse("2026-01-01T01:00:00Z");
  const cells = (status: object, metadata: object = {}) => {
    const pod = { metadata: { name: "p", ...metadata }, spec: { containers: [{}] }, status } as unknown as LabObject;
    return podColumns.slice(1, 4).map((column) => column.cell(pod, nowMs));
  };
  const container = (state: object, more: object = {}) => ({
    phase: "Running",
    containerStatuses: [{ state, ...more }],
  });
  it.each([
    [{ phase: "Pending" }, {}, ["0/1", "Pending", "0"]],
    [container({ running: {} }, { ready: true }), {}, ["1/1", "Running", "0"]],
    [container({ waiting: { reason: "CrashLoopBackOff" } }), {}, ["0/1", "CrashLoopBackOff", "0"]],
    [container({ terminated: { exitCode: 3 } }), {}, ["0/1", "ExitCode:3", "0"]],
    [container({ terminated: { exitCode: 137, signal: 9 } }), {}, ["0/1", "Signal:9", "0"]],
    [container({ terminated: { reason: "Error" } }), {}, ["0/1", "Error", "0"]],
    [
      container(
        { running: {} },
        { restartCount: 2, lastState: { terminated: { finishedAt: "2026-01-01T00:55:00Z" } } },
      ),
      {},
      ["0/1", "Running", "2 (5m ago)"],
    ],
    [container({ running: {} }, { ready: true }), { deletionTimestamp: "x" }, ["1/1", "Terminating", "0"]],
    [{ phase: "Failed", reason: "Evicted" }, { deletionTimestamp: "x" }, ["0/1", "Evicted", "0"]],
  ])("%j", (status, metadata, expected) => expect(cells(status, metadata)).toEqual(expected));
});

describe("protobuf bodies", () => {
  const field = (number: number, value: string | Buffer) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
  };
  const enveloped = (kind: string, raw: Buffer) => {
    const type = Buffer.concat([field(1, "v1"), field(2, kind)]);
    return Buffer.concat([Buffer.from("k8s\0"), field(1, type), field(2, raw)]);
  };
  it("are read for the kinds that kubectl sends so", () => {
    const data = Buffer.concat([field(1, "key"), field(2, "value")]);
    const raw = Buffer.concat([field(1, field(1, "settings")), field(2, data)]);
    expect(readProtobuf(enveloped("ConfigMap", raw))).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "settings" },
      data: { key: "value" },
    });
    // A Secret's values are bytes: they come in base64, as in JSON.
    expect(readProtobuf(enveloped("Secret", raw))).toMatchObject({ kind: "Secret", data: { key: "dmFsdWU=" } });
    expect(readProtobuf(enveloped("Lease", raw))).toBeUndefined();
    expect(() => readProtobuf(Buffer.from("{}"))).toThrow("does not appear to be a protobuf message");
    const whole = enveloped("ConfigMap", raw);
    expect(() => readProtobuf(whole.subarray(0, whole.length - 3))).toThrow("unexpected end");
  });
});
