import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cardOf, click } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { redisConnected } from "../support/redis-paths.ts";
import { untilRedisIsSteady } from "../support/redis-steady.ts";
import {
  alice,
  approve,
  askForRun,
  bob,
  eventsOf,
  query,
  quick,
  reportOf,
  startTestStack,
  stateOf,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

const leftovers = (stack: Stack) => kubectlOk(stack.lab.kubeconfigPath, ["get", "networkchaos", "-A", "-o", "name"]);

describe.skipIf(process.getuid?.() !== 0)("safety, on the real stack", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  it("answers bad input with what is wrong and what to type", async () => {
    const said = async (text: string): Promise<string> => (await ask(stack.slack, alice, text)).text ?? "";
    expect(await said("rnu redis-split-brain")).toMatch(/no command "rnu".*\n.*\/chaos run/);
    expect(await said("run redis-splitbrain")).toMatch(/Did you mean redis-split-brain/);
    expect(await said("run redis-split-brain rate=9000")).toMatch(/1 to 2000 per second[\s\S]*rate=100/);
    expect(await said("run redis-split-brain namespace=nowhere")).toMatch(/no pods with the label app=redis/);
    expect(await said("status run-999")).toMatch(/no run "run-999"/);
    expect(await said("findings")).toMatch(/no run in this channel yet/);
    expect(await query(stack, "select 1 from runs")).toEqual([]);
  });

  it("records nothing in a dry run", async () => {
    const answer = await ask(stack.slack, alice, "run redis-split-brain --dry-run");
    expect(JSON.stringify(answer.blocks)).toContain("redis-0");
    expect(await query(stack, "select 1 from runs")).toEqual([]);
  });

  it("does nothing when denied, and the card loses its buttons", async () => {
    const { runId, card } = await askForRun(stack);
    await click(stack.slack, bob, card, "deny");
    await untilState(stack, runId, ["denied"]);
    const final = await waitFor(
      async () => cardOf(await stack.slack.messages(), runId),
      (message) => message?.text?.includes("denied") === true,
      10_000,
    );
    expect(JSON.stringify(final?.blocks)).not.toContain("aftershock:approve");
    await click(stack.slack, bob, card, "approve");
    await waitFor(
      () => stack.slack.messages(),
      (all) => all.some((message) => message.ephemeral_to === bob && /is denied/.test(message.text ?? "")),
      10_000,
    );
    expect(await stateOf(stack, runId)).toBe("denied");
  });

  it("expires a request by itself", async () => {
    const { runId } = await askForRun(stack);
    await query(stack, "update runs set expires_at = clock_timestamp() where id = $1", [runId]);
    await untilState(stack, runId, ["expired"], 15_000);
  });

  it("stops before anything is touched when a guard fails, and says which", async () => {
    await kubectlOk(
      stack.lab.kubeconfigPath,
      ["apply", "-f", "-"],
      JSON.stringify({
        apiVersion: "chaos-mesh.org/v1alpha1",
        kind: "NetworkChaos",
        metadata: { name: "somebody-elses", namespace: "cache" },
        spec: {
          action: "partition",
          mode: "all",
          selector: { pods: { cache: ["redis-sentinel-2"] } },
          direction: "to",
          externalTargets: ["10.255.255.1"],
          duration: "5m",
        },
      }),
    );
    const { runId, card } = await askForRun(stack);
    await approve(stack, card);
    await untilState(stack, runId, ["failed"]);
    const events = await eventsOf(stack, runId);
    expect(events.find((event) => event.type === "guard" && !event.ok)).toMatchObject({ id: "no-leftovers" });
    expect(events.some((event) => event.type === "fault-intended")).toBe(false);
    await waitFor(
      () => threadText(stack, card),
      (text) => text.includes("somebody-elses"),
      10_000,
    );
    await kubectlOk(stack.lab.kubeconfigPath, ["delete", "networkchaos", "somebody-elses", "-n", "cache"]);
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ hypothesis: "inconclusive", run: "failed" });
  });

  it("allows one run per target", async () => {
    const first = await askForRun(stack);
    const second = await askForRun(stack);
    await approve(stack, first.card);
    await untilState(stack, first.runId, ["preflight", "baseline", "active"]);
    await approve(stack, second.card);
    await waitFor(
      () => stack.slack.messages(),
      (all) => all.some((m) => m.ephemeral_to === bob && m.text?.includes(`${first.runId} is active`) === true),
      10_000,
    );
    expect((await ask(stack.slack, alice, `run redis-split-brain ${quick}`)).text).toContain(
      `${first.runId} is active`,
    );
    await ask(stack.slack, alice, `abort ${first.runId}`);
    await untilState(stack, first.runId, ["aborted"]);
    await ask(stack.slack, alice, `deny ${second.runId}`);
  });

  it.each(["baseline", "active", "verifying"])("heals when it is stopped in the phase %s", async (phase) => {
    await untilRedisIsSteady(stack);
    const { runId, card } = await askForRun(stack, "run redis-split-brain duration=40s baseline=4s recovery=30s");
    await approve(stack, card);
    if (phase === "verifying") {
      await untilState(stack, runId, ["active"]);
      await click(stack.slack, bob, cardOf(await stack.slack.messages(), runId) ?? card, "stop").catch(() => undefined);
    }
    await untilState(stack, runId, [phase]);
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"]);
    expect(await leftovers(stack)).toBe("");
    expect(await redisConnected(stack)).toBe(true);
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ run: "aborted", cleanup: "verified" });
  });

  it("a worker killed in mid-partition: another one heals, proves it, and says interrupted", async () => {
    await untilRedisIsSteady(stack);
    const { runId, card } = await askForRun(stack, "run redis-split-brain duration=60s baseline=3s recovery=30s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    expect(await redisConnected(stack)).toBe(false);
    stack.worker.kill("SIGKILL");
    await stack.startWorker();
    await untilState(stack, runId, ["interrupted"], 60_000);
    expect(await leftovers(stack)).toBe("");
    expect(await redisConnected(stack)).toBe(true);
    const events = await eventsOf(stack, runId);
    expect(events.filter((event) => event.type === "claimed")).toMatchObject([
      { takenOver: false },
      { takenOver: true },
    ]);
    expect(events.filter((event) => event.type === "healing-proof" && !event.ok)).toEqual([]);
    expect((await reportOf(stack, runId)).verdicts).toEqual({
      hypothesis: "inconclusive",
      run: "interrupted",
      cleanup: "verified",
    });
    await waitFor(
      () => threadText(stack, card),
      (text) => text.includes("takes over: it heals") && text.includes("interrupted"),
      15_000,
    );
    // The target is free again.
    const next = await askForRun(stack);
    await ask(stack.slack, alice, `deny ${next.runId}`);
  });

  it("refuses to change or delete an event, whoever asks", async () => {
    await expect(query(stack, "update run_events set type = 'x'")).rejects.toThrow(/append-only/);
    await expect(query(stack, "delete from run_events")).rejects.toThrow(/append-only/);
  });
});
