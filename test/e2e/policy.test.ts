import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cardOf, click } from "../../src/embedded/run-drive.ts";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import { kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  askForRun,
  bob,
  eventsOf,
  quick,
  startTestStack,
  stateOf,
  threadText,
  untilState,
  waitFor,
  type TestStack,
} from "../support/stack.ts";

const carol = "U0CAROL";
const dave = "U0DAVE";
const erin = "U0ERIN";
const group = "S0DBA";
const name = "redis-split-brain";

/** Two of a Slack user group for what injects a fault, in one namespace and for a short time. */
const policies = {
  groups: { dba: group },
  mayResume: ["@dba"],
  rules: [
    {
      name: "faults",
      risks: ["medium", "high"],
      requesters: ["anyone"],
      approvals: { required: 2, approvers: ["@dba"], expiresAfter: "15m" },
      limits: { namespaces: ["cache"], maxDuration: "30s" },
    },
  ],
};

describe.skipIf(process.getuid?.() !== 0)("the policy, on the real stack", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({
      configure: ({ approvals: _simple, ...config }) => ({
        ...config,
        clusters: Object.fromEntries(
          Object.entries(config["clusters"] as object).map(([cluster, at]) => [
            cluster,
            { ...(at as object), environment: "staging" },
          ]),
        ),
        policies,
      }),
    });
    const { people } = stack.gate;
    people.setGroup({ id: group, handle: "dba", users: [alice, bob, carol, dave, erin] });
    // In the group, and yet nobody who may decide: of another organisation, and gone.
    people.setUser(dave, { is_stranger: true, team_id: "T0OTHER" });
    people.setUser(erin, { deleted: true });
  });
  afterAll(() => stack?.stop());

  const said = async (user: string, text: string): Promise<string> => {
    const answer = await ask(stack.slack, user, text);
    return `${answer.text ?? ""}\n${JSON.stringify(answer.blocks)}`;
  };
  const answersTo = async (user: string): Promise<string[]> =>
    (await stack.slack.messages()).filter((m) => m.ephemeral_to === user).map((m) => m.text ?? "");
  const told = (user: string, pattern: RegExp): Promise<string[]> =>
    waitFor(
      () => answersTo(user),
      (all) => all.some((text) => pattern.test(text)),
      15_000,
    );
  const cardNow = async (runId: string, fits: (text: string) => boolean): Promise<LocalMessage> => {
    const card = await waitFor(
      async () => cardOf(await stack.slack.messages(), runId),
      (message) => message !== undefined && fits(JSON.stringify(message)),
      15_000,
    );
    if (card === undefined) throw new Error(`no card of ${runId}`);
    return card;
  };

  it("tells a person whether they may, and why not", async () => {
    expect(await said(alice, "policy")).toMatch(/1\. faults[\s\S]*2 of anybody in @dba, within 15m[\s\S]*at most 30s/);
    expect(await said(alice, `policy ${name}`)).toMatch(/You may ask for[\s\S]*lab \(staging\), namespace cache/);
    expect(await said(alice, `policy ${name} duration=31s`)).toMatch(/You may not ask[\s\S]*at most 30s/);
    expect(await said(alice, "policy backup-verification")).toMatch(/You may not ask[\s\S]*No rule of the policy/);
    expect(await said(dave, `policy ${name}`)).toMatch(/another organisation/);
    expect(await said(alice, `run ${name} duration=31s`)).toMatch(/at most 30s/);
    expect(await said(alice, "run backup-verification")).toMatch(/No rule of the policy allows/);
  });

  it("two of the group approve: not the requester, a stranger, a person who left, nor one twice", async () => {
    // Without a worker, so that what was approved waits.
    await stack.worker.stop();
    const { runId, card } = await askForRun(stack);
    for (const [who, why] of [
      [alice, /yourself/],
      [dave, /another organisation/],
      [erin, /deactivated/],
    ] as const) {
      await click(stack.slack, who, card, "approve");
      await told(who, why);
    }
    expect(await said(bob, `approve ${runId} agreed in the stand-up`)).toContain("Noted: 1 of 2");
    const half = await cardNow(runId, (text) => text.includes("1 of 2"));
    expect(JSON.stringify(half)).toMatch(/<@U0BOB> at [\d:]{8} UTC: agreed in the stand-up/);
    await click(stack.slack, bob, half, "approve");
    await told(bob, /approved run-\d+ already/);
    // A card that shows another plan approves nothing.
    await stack.slack.click(carol, half.ts, {
      type: "button",
      action_id: "aftershock:approve",
      block_id: "b",
      value: `${runId}@0123456789ab`,
      action_ts: String(Date.now() / 1000),
    });
    await told(carol, /shows another plan/);
    expect(await stateOf(stack, runId)).toBe("requested");
    await click(stack.slack, carol, half, "approve");
    await untilState(stack, runId, ["approved"]);
    const whole = await cardNow(
      runId,
      (text) => text.includes("aftershock:revoke") && text.includes("approved, about to start"),
    );
    await click(stack.slack, carol, whole, "revoke");
    await untilState(stack, runId, ["aborted"]);
    await cardNow(runId, (text) => text.includes("took the approval back before it started"));
  });

  it("an approval of pods that are the target no more is void: nothing is injected, and the thread says why", async () => {
    const { runId, card } = await askForRun(stack, `run ${name} ${quick}`);
    await click(stack.slack, bob, card, "approve");
    await cardNow(runId, (text) => text.includes("1 of 2"));
    await click(stack.slack, carol, card, "approve");
    await untilState(stack, runId, ["approved"]);
    const { kubeconfigPath } = stack.lab;
    const inCache = ["-n", "cache"];
    const failover = ["redis-cli", "-p", "26379", "SENTINEL", "FAILOVER", "mymaster"];
    await kubectlOk(kubeconfigPath, ["exec", "redis-sentinel-0", ...inCache, "--", ...failover]);
    const master = ["get", "pods", ...inCache, "-l", "role=master", "-o", "name"];
    await waitFor(
      () => kubectlOk(kubeconfigPath, master),
      (pods) => !pods.includes("redis-0") && pods.includes("redis-"),
      30_000,
    );
    await waitFor(
      () => kubectlOk(kubeconfigPath, ["exec", "redis-0", ...inCache, "--", "redis-cli", "INFO", "replication"]),
      (text) => text.includes("master_link_status:up"),
      30_000,
    );
    const worker = await stack.startWorker();
    await untilState(stack, runId, ["failed"]);
    await worker.stop();
    const events = await eventsOf(stack, runId);
    expect(events.filter(({ type }) => type === "approval-void")).toMatchObject([
      { reason: expect.stringMatching(/It was for redis-0, but the target is redis-[12] now/) },
    ]);
    expect(events.some(({ type }) => type === "fault-intended")).toBe(false);
    const text = await waitFor(
      () => threadText(stack, card),
      (all) => all.includes("The approval is void"),
      15_000,
    );
    expect(text).toMatch(/but the target is redis-[12] now\. Nothing was injected\. · <@U0ALICE>/);
    await cardNow(runId, (all) => all.includes("The approval is void, and nothing was injected"));
  });

  it("counts the approvals again at the start: who has left the group meanwhile counts no more", async () => {
    const { runId, card } = await askForRun(stack, `run ${name} ${quick}`);
    await click(stack.slack, bob, card, "approve");
    await cardNow(runId, (text) => text.includes("1 of 2"));
    await click(stack.slack, carol, card, "approve");
    await untilState(stack, runId, ["approved"]);
    stack.gate.people.setGroup({ id: group, handle: "dba", users: [alice, carol] });
    const worker = await stack.startWorker();
    await untilState(stack, runId, ["failed"]);
    await worker.stop();
    const voided = (await eventsOf(stack, runId)).find(({ type }) => type === "approval-void");
    expect(voided).toMatchObject({ reason: expect.stringMatching(/1 counts now: <@U0BOB> is no longer an approver/) });
  });
});
