import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { parseExperiment } from "../../src/experiment/load.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { redisSentinel } from "../../src/probes/redis-sentinel.ts";
import { makePlan } from "../../src/run/planner.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { experimentsIn } from "../docs/blocks.ts";

const page = readFileSync(new URL("../../docs/writing-an-experiment.md", import.meta.url), "utf8");

describe.skipIf(process.getuid?.() !== 0)("the worked example of docs/writing-an-experiment.md", () => {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-docs-"));
  let lab: LaunchedLab;
  let cluster: Cluster;
  beforeAll(async () => {
    lab = await launchLab({ directory });
    cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
  });
  afterAll(async () => {
    await cluster?.close();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("is planned against real Redis and Sentinel: its groups are pods, its parameters fit", async () => {
    const [example] = experimentsIn(page);
    const experiment = parseExperiment(example?.text ?? "", "redis-blip.yaml");
    const registry = createRegistry({
      experiments: [experiment],
      clusters: [cluster],
      systems: [redisSentinel],
      protectedNamespaces: ["aftershock"],
    });
    const { plan } = await makePlan(registry, {
      experiment,
      typed: {},
      profile: "demo",
      cluster: "lab",
      approvalsNeeded: 1,
    });
    expect(plan.faults[0]).toMatchObject({
      kind: "NetworkChaos",
      durationMs: 1000,
      subject: [expect.stringMatching(/^redis-\d$/)],
      target: expect.arrayContaining([expect.stringMatching(/^redis-sentinel-\d$/)]),
    });
    expect(plan.faults[0]?.target).toHaveLength(5);
  });
});
