import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import type { FinalRead, HistoryRecord } from "../../src/probes/history.ts";
import { recount } from "../findings/naive-recount.ts";
import { kubectl, kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  ended,
  reportOf,
  startTestStack,
  stateOf,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

/** What the nodes are called, and what follows the pod's name there; long names are the RabbitMQ Cluster Operator's. */
const namings = [
  ["short", ""],
  ["long", ".rabbitmq.messaging"],
] as const;

const onRabbit = describe.skipIf(process.getuid?.() !== 0).each(namings);
onRabbit("rabbitmq-node-kill on real RabbitMQ with %s names, through Slack's protocol", (names, suffix) => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack({ rabbitmqNames: names });
  });
  afterAll(() => stack?.stop());

  const k = (...args: string[]): Promise<string> => kubectlOk(stack.lab.kubeconfigPath, args);
  const rabbitmqctl = (pod: string, ...args: string[]) =>
    kubectl(stack.lab.kubeconfigPath, ["exec", pod, "-n", "messaging", "--", "rabbitmqctl", "--quiet", ...args]);
  const uidOf = (pod: string) => k("get", "pod", pod, "-n", "messaging", "-o", "jsonpath={.metadata.uid}");
  /** What a survivor says of the run's queues: name to the column that is asked for. */
  const column = async (name: string): Promise<Map<string, string>> => {
    const { stdout } = await rabbitmqctl("rabbitmq-2", "--no-table-headers", "list_queues", "name", name);
    const rows = stdout.split("\n").filter((line) => line.startsWith("aftershock."));
    return new Map(rows.map((row) => row.split("\t") as [string, string]));
  };
  const nothingIsLeft = async (): Promise<void> => {
    expect(await column("state")).toEqual(new Map());
    expect((await rabbitmqctl("rabbitmq-2", "list_users")).stdout).not.toContain("aftershock");
    expect(await k("get", "podchaos", "-A", "-o", "name")).toBe("");
  };

  it("finds the classic queue gone with its node, the quorum queues served, and nothing lost", async () => {
    const { runId, card } = await askForRun(stack, "run rabbitmq-node-kill duration=18s baseline=5s recovery=60s");
    const before = await uidOf("rabbitmq-0");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);

    // What the servers themselves say while the node is away.
    const states = await waitFor(
      () => column("state"),
      (found) => found.get(`aftershock.${runId}.classic`) === "down",
      15_000,
    );
    expect(states.get(`aftershock.${runId}.quorum`)).toBe("running");
    expect((await column("leader")).get(`aftershock.${runId}.quorum`)).toMatch(
      new RegExp(`^rabbit@rabbitmq-[12]${suffix}$`),
    );

    // The longest that the classic queue ever was, as its server counts it.
    let longest = 0;
    const deadline = performance.now() + 150_000;
    while (!ended.includes(await stateOf(stack, runId)) && performance.now() < deadline) {
      longest = Math.max(longest, Number((await column("messages")).get(`aftershock.${runId}.classic`) ?? 0));
    }
    expect(await untilState(stack, runId, ["completed"])).toBe("completed");
    expect(await uidOf("rabbitmq-0")).not.toBe(before);

    const report = await reportOf(stack, runId);
    expect(report.verdicts, report.because).toMatchObject({ run: "completed", cleanup: "verified" });
    expect(report.verdicts.hypothesis, report.because).not.toBe("inconclusive");
    const jsonl = (await artifact(stack, runId, "history.jsonl")).toString("utf8");
    expect(report.writes.byClient).toEqual(recount(jsonl));
    expect(report.writes.total).toMatchObject({ lost: 0, unexpected: 0 });

    const found = new Map(report.measures.map(({ id, value }) => [id, value]));
    // A classic queue is there when its node is; the quorum queue of a client elsewhere hardly notices.
    expect(found.get("first-confirm-classic")).toBeGreaterThan(5000);
    expect(found.get("gap-quorum-neighbour")).toBeLessThan(found.get("first-confirm-classic") ?? 0);
    expect(found.get("delivery-quorum-consumer")).toBeLessThan(found.get("delivery-classic-consumer") ?? 0);
    expect(found.get("returned")).toBeGreaterThan(50);
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "rabbitmq.classic-queue-gone-with-its-node",
        "rabbitmq.unroutable-confirmed",
        "rabbitmq.consumers-reconnected",
        "rabbitmq.quorum-failover",
        "rabbitmq.nothing-lost",
      ]),
    );
    // Refuted only by slowness, which the report then names.
    const slow = report.findings.some(({ id }) => id === "rabbitmq.quorum-queue-unavailable");
    if (report.verdicts.hypothesis === "refuted")
      expect(slow || /in time/.test(report.because), report.because).toBe(true);

    // Every node hands over the same, and as many as the server counted.
    const reads = jsonl
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as HistoryRecord)
      .filter((record): record is FinalRead => record.type === "final-read" && record.client === "classic");
    expect(reads.map(({ member }) => member)).toEqual(["rabbitmq-0", "rabbitmq-1", "rabbitmq-2"]);
    const sizes = reads.map(({ ranges }) => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0));
    expect(new Set(sizes)).toEqual(new Set([longest]));

    expect(await threadText(stack, card)).toContain(`home node 'rabbit@rabbitmq-0${suffix}' of durable queue`);
    await nothingIsLeft();
  });

  // Of these nothing depends on names.
  const onlyOnce = names === "short" ? it : it.skip;
  onlyOnce("takes its queues and its account away when it is stopped", async () => {
    const { runId, card } = await askForRun(stack, "run rabbitmq-node-kill duration=5m baseline=3s recovery=60s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"]);
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ run: "aborted", cleanup: "verified" });
    await nothingIsLeft();
  });

  onlyOnce("does not start when a node is away", async () => {
    const { runId, card } = await askForRun(stack, "run rabbitmq-node-kill duration=5s baseline=3s node=rabbitmq-0");
    const stopped = await rabbitmqctl("rabbitmq-1", "stop_app");
    expect(stopped.exitCode, stopped.stderr).toBe(0);
    await approve(stack, card);
    await untilState(stack, runId, ["failed"]);
    const { guards } = await reportOf(stack, runId);
    expect(guards.find(({ id }) => id === "all-nodes-running")).toMatchObject({ ok: false });
    expect((await rabbitmqctl("rabbitmq-1", "start_app")).exitCode).toBe(0);
  });
});
