import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiProblem, clusterError } from "../../src/cluster/api-errors.ts";
import { exitCodeOf } from "../../src/cluster/exec.ts";
import { nodeView, podPlacement } from "../../src/cluster/placement-views.ts";
import type { KubernetesObject } from "../../src/cluster/port.ts";
import { quantity } from "../../src/cluster/quantity.ts";
import { readChaos } from "../../src/run/chaos-state.ts";
import { fileMatcher, globProblem } from "../../src/run/faults/io-files.ts";
import { isMountPoint, leftLayers } from "../../src/run/faults/io-volume.ts";
import { hostileText, hostileValue } from "../support/fuzz.ts";
import { always, lines, onlyFigures, told } from "../support/hostile-answers.ts";

describe("the cluster", () => {
  const expected = ["cache/redis-0"];
  const chaos = (status: unknown): KubernetesObject =>
    ({ apiVersion: "v1", kind: "PodChaos", metadata: { name: "x" }, status }) as KubernetesObject;
  it("whatever stands in a chaos object's status: active or healed only if every expected record says so", () => {
    const record = fc.record(
      {
        id: fc.oneof(fc.constantFrom("cache/redis-0", "cache/redis-1"), hostileValue, fc.constant({ toString: 1 })),
        phase: fc.oneof(fc.constantFrom("Injected", "Not Injected", "Injected/Wait", "injected"), hostileValue),
        injectedCount: fc.oneof(fc.constantFrom<unknown>(0, 1, "1", null), hostileValue),
        recoveredCount: fc.oneof(fc.constantFrom<unknown>(0, 1, "1", null), hostileValue),
        events: fc.oneof(hostileValue, fc.array(told("type", "operation", "message"))),
      },
      { requiredKeys: [] },
    );
    const status = fc.oneof(
      hostileValue,
      fc.record({
        experiment: fc.oneof(
          hostileValue,
          fc.record({
            desiredPhase: fc.constantFrom("Run", "Stop", 5),
            containerRecords: fc.array(fc.oneof(record, hostileValue), { maxLength: 3 }),
          }),
        ),
      }),
    );
    always(
      fc.property(status, (value) => {
        const { state, detail } = readChaos(chaos(value), expected);
        expect(typeof detail).toBe("string");
        if (state !== "active" && state !== "healed-by-bookkeeping") return;
        const list = (value as { experiment: { containerRecords: Array<Record<string, unknown>> } }).experiment
          .containerRecords;
        expect(list.length).toBeGreaterThan(0);
        for (const each of list) {
          expect(each["id"]).toBe("cache/redis-0");
          expect(each["phase"]).toBe(state === "active" ? "Injected" : "Not Injected");
        }
      }),
    );
  });
  it("a count in text is no count: such a record is not called active", () => {
    const of = (injectedCount: unknown) =>
      readChaos(
        chaos({ experiment: { containerRecords: [{ id: "cache/redis-0", phase: "Injected", injectedCount }] } }),
        expected,
      ).state;
    expect(of(1)).toBe("active");
    expect(of("1")).toBe("injecting");
  });
  it("whatever is thrown by the client becomes a sentence", () => {
    const thrown = fc.oneof(
      hostileValue,
      fc.record({
        code: fc.oneof(fc.integer(), hostileValue),
        body: fc.oneof(
          hostileText,
          hostileValue,
          told("reason", "message").map((x) => JSON.stringify(x)),
        ),
      }),
      hostileText.map((text) => new Error(text, { cause: new Error(text) })),
    );
    always(
      fc.property(thrown, (error) => {
        expect(typeof apiProblem(error).message).toBe("string");
        expect(["cluster_refused", "cluster_unreachable"]).toContain(clusterError("lab", "looking", error).code);
      }),
    );
  });
  it("an exit code is one, or the command did not end", () => {
    const failed = (message: string) => ({ status: "Failure", details: { causes: [{ reason: "ExitCode", message }] } });
    expect(exitCodeOf({ status: "Success" })).toBe(0);
    expect(exitCodeOf(failed("137"))).toBe(137);
    for (const text of ["", "x", "1e3", "-1", "NaN"]) expect(() => exitCodeOf(failed(text))).toThrow();
  });
  it.each([
    ["250m", 0.25],
    ["1", 1],
    [".5", 0.5],
    ["8Gi", 8 * 2 ** 30],
    ["1e3", 1000],
    ["100n", 1e-7],
    ["1Ei", 2 ** 60],
    ["1.2.3", 0],
    [".", 0],
    ["", 0],
  ])("the quantity %j is %d", (text, number) => expect(quantity(text)).toBeCloseTo(number));
  it("pods and nodes of any form give no figure that is none", () => {
    const part = fc.dictionary(fc.constantFrom("cpu", "memory", "pods"), fc.oneof(hostileText, fc.double()));
    always(
      fc.property(part, (allocatable) => onlyFigures(nodeView({ status: { allocatable: allocatable as never } }))),
    );
    always(
      fc.property(part, hostileText, (requests, name) =>
        onlyFigures(
          podPlacement({
            metadata: { name },
            spec: { containers: [{ name, resources: { requests: requests as never } }] },
          }),
        ),
      ),
    );
  });
  it("mounts and globs of any form", () => {
    always(
      fc.property(lines, hostileText, (mounts, path) => {
        leftLayers(mounts);
        isMountPoint(mounts, path);
        globProblem(path);
        // A glob that cannot be read is refused before (fault-spec.ts); here every file counts as hit by it.
        if (globProblem(path) !== null) expect(fileMatcher(path)("/data/a")).toBe(true);
        else expect(typeof fileMatcher(path)("/data/a")).toBe("boolean");
      }),
    );
  });
});
