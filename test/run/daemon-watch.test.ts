import { describe, expect, it } from "vitest";
import type { ChaosMeshPod, Cluster } from "../../src/cluster/port.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import { watchDaemons } from "../../src/run/daemon-watch.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import { describeEvent } from "../../src/slack/views/event-words/describe.ts";

const signal = new AbortController().signal;
const intent = (kind: string): Intent => ({
  faultId: "cut",
  cluster: "lab",
  kind,
  namespace: "cache",
  name: "run-1-cut",
  manifest: { apiVersion: "", kind, metadata: { name: "run-1-cut" } },
  targets: { subject: [{ pod: "redis-0", uid: "u", host: "10.0.0.1" }], target: [] },
});
const daemon = (change: Partial<ChaosMeshPod> = {}): ChaosMeshPod => ({
  name: "daemon-a",
  node: "node-1",
  ready: true,
  instance: "first",
  ...change,
});

/** Test double: a cluster that answers one list of daemons a look, and a clock that runs a minute between looks. */
async function events(kind: string, ...looks: Array<ChaosMeshPod[] | Error>): Promise<string[]> {
  const told: RunEventBody[] = [];
  let now = 0;
  let asked = 0;
  const cluster = {
    pods: async () => [
      { name: "redis-0", node: "node-1" },
      { name: "other", node: "node-9" },
    ],
    chaosMesh: async () => {
      const answer = looks[asked++] ?? [];
      if (answer instanceof Error) throw answer;
      return { namespace: "chaos-mesh", controllers: [], daemons: answer };
    },
  } as unknown as Cluster;
  const recorded: string[] = [];
  const recorder = { now: () => (now += 60_000), event: ({ event }: { event: string }) => void recorded.push(event) };
  const watch = watchDaemons({
    cluster,
    journal: { say: async (...said: RunEventBody[]) => void told.push(...said) },
    recorder,
    intents: [intent(kind)],
  });
  for (const _look of looks) await watch.look(signal);
  expect(told.map((event) => event.type === "system" && event.event)).toEqual(recorded);
  for (const event of told) {
    if (event.type === "system") expect(describeEvent(event.event, event.detail)).toMatch(/chaos-daemon of node-1/);
  }
  return recorded;
}

describe("the daemons that hold a fault in place", () => {
  it("are said nothing of while they are ready, whatever other nodes do", async () => {
    const other = daemon({ node: "node-9", ready: false });
    expect(await events("NetworkChaos", [daemon(), other], [daemon(), other])).toEqual([]);
  });
  it("are said to be lost once, not ready or gone, and to be back", async () => {
    const away = daemon({ ready: false });
    expect(await events("IOChaos", [daemon()], [away], [], [daemon()])).toEqual(["daemon-lost", "daemon-back"]);
  });
  it("are said to know nothing of the fault after a start anew, seen between or not", async () => {
    const anew = daemon({ name: "daemon-b", instance: "second" });
    expect(await events("NetworkChaos", [daemon()], [anew], [anew])).toEqual(["daemon-replaced"]);
    expect(await events("NetworkChaos", [daemon()], [], [anew])).toEqual(["daemon-lost", "daemon-replaced"]);
  });
  it("are not called lost because the cluster did not answer", async () => {
    expect(await events("NetworkChaos", [daemon()], new Error("no answer"), [daemon()])).toEqual([]);
  });
  it("are not watched for a kind that needs none", async () => {
    expect(await events("PodChaos", [], [])).toEqual([]);
  });
});
