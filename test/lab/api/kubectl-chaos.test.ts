import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, kubectl, manifest, startTestLab } from "./support/lab.ts";
import type { TestLab } from "./support/lab.ts";

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab();
});
afterAll(() => lab.close());

const partition = `
apiVersion: chaos-mesh.org/v1alpha1
kind: NetworkChaos
metadata: {name: split, namespace: cache}
spec:
  action: partition
  mode: all
  selector: {labelSelectors: {role: master}}
  direction: both
  target: {mode: all, selector: {namespaces: [cache], labelSelectors: {role: replica}}}
  duration: 30s
`;
const kill = `
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata: {name: kill, namespace: cache}
spec: {action: pod-kill, mode: one, selector: {pods: {cache: [redis-0]}}}
`;
const latency = `
apiVersion: chaos-mesh.org/v1alpha1
kind: IOChaos
metadata: {name: slow, namespace: cache}
spec: {action: latency, mode: all, selector: {}, volumePath: /data, delay: 100ms}
`;

const split = { kind: "NetworkChaos", namespace: "cache", name: "split" };
const apply = async (text: string, ...flags: string[]) =>
  kubectl(lab, ["apply", "-f", await manifest(lab, "chaos.yaml", text), ...flags]);

describe("chaos objects through kubectl", () => {
  it("are created with the webhook's defaults, stay, and are never changed", async () => {
    expect((await apply(partition)).stdout).toBe("networkchaos.chaos-mesh.org/split created\n");
    expect(lab.store.get(split)?.spec).toMatchObject({ selector: { namespaces: ["cache"] }, direction: "both" });
    expect((await apply(partition)).stdout).toBe("networkchaos.chaos-mesh.org/split unchanged\n");
    const longer = await apply(partition.replace("30s", "60s"));
    expect(longer.code).toBe(1);
    expect(longer.stderr).toContain(
      'admission webhook "vnetworkchaos.kb.io" denied the request: Cannot update chaos spec',
    );
    const table = await kubectl(lab, ["get", "networkchaos", "-n", "cache"]);
    expect(table.stdout).toMatch(/^NAME\s+ACTION\s+DURATION\s+AGE\nsplit\s+partition\s+30s\s+\d+s\n$/);
    const paused = await kubectl(lab, [
      "annotate",
      "networkchaos/split",
      "-n",
      "cache",
      "experiment.chaos-mesh.org/pause=true",
    ]);
    expect(paused.stdout).toBe("networkchaos.chaos-mesh.org/split annotated\n");
  });

  it("are waited for on delete until their finalizer is gone", async () => {
    lab.store.update(split, (copy) => {
      copy.metadata.finalizers = ["chaos-mesh/records"];
    });
    const deleting = kubectl(lab, ["delete", "networkchaos", "split", "-n", "cache"]);
    await eventually(lab.store, () => lab.store.get(split)?.metadata.deletionTimestamp);
    lab.store.update(split, (copy) => {
      copy.metadata.finalizers = [];
    });
    expect((await deleting).stdout).toBe('networkchaos.chaos-mesh.org "split" deleted\n');
  });

  it("of other kinds are taken as well", async () => {
    expect((await apply(`${kill}---${latency}`)).stdout).toBe(
      "podchaos.chaos-mesh.org/kill created\niochaos.chaos-mesh.org/slow created\n",
    );
    expect(lab.store.get({ kind: "IOChaos", namespace: "cache", name: "slow" })?.spec?.["percent"]).toBe(100);
  });
});

describe("bad chaos manifests are refused in the API server's words", () => {
  const invalid = 'The NetworkChaos "split" is invalid: ';
  const denied = "denied the request: ";
  const strict = 'NetworkChaos in version "v1alpha1" cannot be handled as a NetworkChaos: strict decoding error: ';
  it.each([
    ["an unknown field", "direction: both", "dirction: both", `${strict}unknown field "spec.dirction"`],
    [
      "an unknown field in metadata",
      "namespace: cache}",
      "namespace: cache, nmae: x}",
      `${strict}unknown field "metadata.nmae"`,
    ],
    [
      "an enum",
      "action: partition",
      "action: split",
      `${invalid}spec.action: Unsupported value: "split": supported values: "netem", "delay", "loss", "duplicate", "corrupt", "partition", "bandwidth"`,
    ],
    ["a missing field", "  action: partition\n", "", `${invalid}spec.action: Required value`],
    [
      "a wrong type",
      "duration: 30s",
      "duration: 30",
      `${invalid}spec.duration: Invalid value: "integer": spec.duration in body must be of type string: "integer"`,
    ],
    [
      "a duration",
      "duration: 30s",
      "duration: 30sec",
      `${denied}spec.duration: Invalid value: "30sec": parse duration field error: time: unknown unit "sec" in duration "30sec"`,
    ],
    [
      "a missing value",
      "action: partition\n  mode: all",
      "action: partition\n  mode: fixed",
      `${denied}spec.value: Invalid value: "": parse value field error:strconv.Atoi: parsing "": invalid syntax`,
    ],
    [
      "a value of zero",
      "action: partition\n  mode: all",
      'action: partition\n  mode: fixed\n  value: "0"',
      `${denied}spec.value: Invalid value: "0": value must be greater than 0 with mode:fixed`,
    ],
    [
      "a percentage",
      "target: {mode: all",
      'target: {mode: fixed-percent, value: "120"',
      `${denied}spec.target.value: Invalid value: "120": value of 120 is invalid, Must be (0,100] with mode:fixed-percent`,
    ],
    [
      "a latency",
      "action: partition",
      "action: delay\n  delay: {latency: soon}",
      `${invalid}spec.delay.latency: Invalid value: "soon": spec.delay.latency in body should match`,
    ],
    [
      "a loss",
      "action: partition",
      "action: loss\n  loss: {loss: much}",
      `${denied}spec.loss.loss: Invalid value: "much": parse loss field error`,
    ],
  ])("%s", async (_what, from, to, message) => {
    expect(partition).toContain(from);
    const { code, stderr } = await apply(partition.replace(from, to));
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(lab.store.get(split)).toBeUndefined();
  });

  it.each([
    [
      "a negative grace period",
      kill,
      "mode: one",
      "mode: one, gracePeriod: -1",
      "spec.gracePeriod: Invalid value: -1: spec.gracePeriod in body should be greater than or equal to 0",
    ],
    [
      "container-kill without containers",
      kill,
      "pod-kill",
      "container-kill",
      "spec.containerNames: Invalid value: null",
    ],
    ["a latency without delay", latency, ", delay: 100ms", "", "parse delay field error:time: invalid duration"],
    ["a fault without errno", latency, "action: latency", "action: fault", "action fault: errno 0 is not supported"],
    ["an impossible percentage", latency, "mode: all", "mode: all, percent: 101", "percent field should be in 0-100"],
    ["no volume", latency, "volumePath: /data, ", "", "spec.volumePath: Required value"],
  ])("%s", async (_what, text, from, to, message) => {
    const other = text.replace(/name: (kill|slow)/, "name: other").replace(from, to);
    expect(other).not.toBe(text.replace(/name: (kill|slow)/, "name: other"));
    const { code, stderr } = await apply(other);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it("several problems are listed, and unknown fields are dropped with a warning when not strict", async () => {
    const two = await apply(partition.replace("  action: partition\n", "").replace("30s", "30"));
    expect(two.stderr).toContain("* spec.action: Required value\n* spec.duration: Invalid value");
    const { stderr, stdout } = await apply(partition.replace("direction: both", "dirction: both"), "--validate=warn");
    expect(stderr).toBe('Warning: unknown field "spec.dirction"\n');
    expect(stdout).toContain("created");
    expect(lab.store.get(split)?.spec).not.toHaveProperty("dirction");
    expect(lab.store.get(split)?.spec?.["direction"]).toBe("to");
  });
});
