import { describe, expect, it } from "vitest";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { HealStepName } from "../../src/run/ladder/steps.ts";
import type { RunRow } from "../../src/run/service.ts";
import { narrate, type DesiredMessage } from "../../src/slack/narrate.ts";
import { renderAlarms } from "../../src/slack/views/alarm-list.ts";
import { plan } from "../support/database.ts";

const run: RunRow = {
  id: "run-7",
  experiment: plan.experiment,
  state: "aborted",
  plan,
  digest: "0123456789abcdef".repeat(4),
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C0RUNS",
  approvedBy: ["U0BOB"],
  createdAt: "2026-01-01T10:00:00.000Z",
  expiresAt: "2026-01-01T10:15:00.000Z",
  endedAt: "2026-01-01T10:05:00.000Z",
  abortRequestedBy: null,
};
const events = (...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, at) => ({ ...body, run: run.id, seq: at + 1, at: "2026-01-01T10:02:03.000Z" }));
const raised = {
  type: "alarm-raised",
  target: "lab/cache/redis-sentinel",
  reasons: ["Not so: NetworkChaos cache/run-7-cut is gone. <!channel> it stays"],
  look: ["kubectl describe networkchaos run-7-cut -n cache"],
  mend: ["kubectl delete pod redis-0 -n cache", "aftershock heal"],
  pods: ["redis-0", "redis-1"],
  people: ["U0ALICE", "U0BOB"],
  groups: ["S0OPS"],
  channel: "C0OPS",
} as const;
const alarm = { ...raised, reasons: [...raised.reasons], look: [...raised.look], mend: [...raised.mend] };
const paged = (number: number): RunEventBody => ({ type: "alarm-paged", number, againAfterMs: 120_000 });
const story = (...more: RunEventBody[]): DesiredMessage[] =>
  narrate(
    run,
    events({ ...alarm, pods: [...raised.pods], people: [...raised.people], groups: [...raised.groups] }, ...more),
  );
const said = (messages: readonly DesiredMessage[], key: string): string =>
  JSON.stringify(messages.find((message) => message.key === key)?.payload ?? null);

describe("an alarm in Slack", () => {
  it("stands in the thread with how to look and mend, and its words cannot call the channel", () => {
    const messages = story();
    const text = said(messages, "alarm");
    expect(text).toContain("CLEANUP UNVERIFIED: run-7 on lab/cache/redis-sentinel");
    expect(text).toContain("kubectl delete pod redis-0 -n cache");
    expect(text).toContain("aftershock:ack-alarm");
    expect(text).not.toContain("<!channel>");
    expect(messages.find(({ key }) => key === "alarm")?.inThread).toBe(true);
  });

  it("pages in the channel and in the one beside it, each time with the people it concerns", () => {
    const messages = story(paged(1), paged(2));
    for (const key of ["page:1", "page:2", "page:1:elsewhere", "page:2:elsewhere"]) {
      expect(said(messages, key)).toContain("<@U0ALICE> <@U0BOB> <!subteam^S0OPS>");
      expect(messages.find((message) => message.key === key)?.inThread).toBe(false);
    }
    expect(messages.find(({ key }) => key === "page:2:elsewhere")?.channelId).toBe("C0OPS");
    expect(messages.find(({ key }) => key === "page:2")?.channelId).toBeUndefined();
    // The buttons are on the last one.
    expect(said(messages, "page:1")).not.toContain("ack-alarm");
    expect(said(messages, "page:2")).toContain("ack-alarm");
  });

  it("shows who acknowledged it and when, and asks no more", () => {
    const messages = story(paged(1), { type: "alarm-acknowledged", by: "U0BOB" });
    expect(said(messages, "alarm")).toContain("<@U0BOB> acknowledged it at 10:02:03 UTC");
    expect(said(messages, "page:1")).not.toContain("ack-alarm");
    expect(said(messages, "alarm")).toContain("check-alarm");
  });

  it("says where it was paged that it is over, and what is left to do when nobody has seen it", () => {
    const messages = story(paged(1), { type: "alarm-resolved", proofs: ["a", "b"] });
    expect(said(messages, "alarm-resolved")).toContain("2 of 2 proofs hold");
    expect(said(messages, "alarm-resolved")).toContain("/chaos alarms ack run-7");
    expect(messages.find(({ key }) => key === "alarm-resolved:elsewhere")?.channelId).toBe("C0OPS");
    expect(said(messages, "alarm")).not.toContain("restart-target");
  });

  it("asks twice before a target is restarted", () => {
    const restart = /"action_id":"aftershock:restart-target:0"[^}]*\}[^]*?"confirm":\{"title"/;
    expect(said(story(), "alarm")).toMatch(restart);
  });
});

describe("the ladder in the thread", () => {
  const step = (name: HealStepName, detail = "", pods: string[] = []): RunEventBody => ({
    type: "heal-step",
    step: name,
    kind: "NetworkChaos",
    namespace: "cache",
    name: "run-7-cut",
    afterMs: 30_100,
    detail,
    pods,
  });
  const told = (state: RunRow["state"], ...steps: RunEventBody[]): string =>
    said(narrate({ ...run, state }, events(...steps)), "ladder");

  it("is quiet while a fault goes as it should", () => {
    expect(told("healing", step("delete"), step("gone"))).toBe("null");
  });

  it("says why a fault stays, and offers the restart only while a worker waits for it", () => {
    const stuck = [step("delete"), step("stuck", "cache/redis-0: nft: busy"), step("restart-offered", "", ["redis-0"])];
    expect(told("healing", ...stuck)).toContain("nft: busy");
    expect(told("healing", ...stuck)).toContain("restart-target");
    expect(told("healing", ...stuck, step("forced"))).not.toContain("restart-target");
    expect(told("aborted", ...stuck)).not.toContain("restart-target");
  });
});

describe("the list of alarms", () => {
  const open = {
    runId: "run-7",
    cluster: "lab",
    targetKey: "lab/cache/redis-sentinel",
    state: "raised" as const,
    reasons: ["Not so: it is gone."],
    raisedAt: "2026-01-01T10:02:03.000Z",
    acknowledgedBy: null,
    acknowledgedAt: null,
    resolvedAt: null,
    pages: 3,
    lastProblem: null,
  };
  it("says of each what is left to do", () => {
    const text = JSON.stringify(renderAlarms([{ alarm: open, run }], "/chaos").blocks);
    expect(text).toContain("paged 3 times, acknowledged by nobody; not proven clean");
    expect(text).toContain("acknowledge it: /chaos alarms ack run-7, and have it healed and checked");
  });
  it("says when there is none", () => {
    expect(renderAlarms([], "/chaos").text).toContain("No alarm is open");
  });
});
