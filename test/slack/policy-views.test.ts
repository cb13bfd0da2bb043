import { describe, expect, it } from "vitest";
import type { Standing } from "../../src/approvals/people.ts";
import type { Freeze, Policy } from "../../src/approvals/policy.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { RunRow } from "../../src/run/service.ts";
import { unplanned } from "../../src/run/subject.ts";
import type { MessageContent } from "../../src/slack/limits.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { escapeReason, renderCard } from "../../src/slack/views/card.ts";
import { explanationMessage, policyMessage } from "../../src/slack/views/policy.ts";
import { plan } from "../support/database.ts";
import { everybody, testAuthoriser, testPolicy } from "../support/policy.ts";
import { policyWith } from "../support/run-rig.ts";

const textOf = (message: MessageContent): string => `${message.text}\n${JSON.stringify(message.blocks)}`;
const digest = "0123456789abcdef".repeat(4);
const twoPlan = { ...plan, approvalsNeeded: 2 };
const run: RunRow = {
  id: "run-7",
  experiment: plan.experiment,
  state: "requested",
  plan: twoPlan,
  digest,
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C1",
  approvedBy: ["U0BOB"],
  createdAt: "2026-01-01T10:00:00.000Z",
  expiresAt: "2026-01-01T10:15:00.000Z",
  endedAt: null,
  abortRequestedBy: null,
};
const numbered = (...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, at) => ({ ...body, run: run.id, seq: at + 1, at: "2026-01-01T10:02:03.000Z" }));
const policyWords = { rule: "production", approvers: "anybody in @dba" };
const requested: RunEventBody = {
  type: "requested",
  by: "U0ALICE",
  plan: twoPlan,
  digest,
  expiresAt: run.expiresAt,
  policy: policyWords,
};
const approved = (by: string, given: number, reason: string | null = null): RunEventBody => ({
  type: "approved",
  by,
  reason,
  digest,
  given,
  needed: 2,
});
const thread = (...bodies: RunEventBody[]): string =>
  narrate(run, numbered(...bodies))
    .filter(({ inThread }) => inThread)
    .map(({ payload }) => (payload.kind === "message" ? textOf(payload) : ""))
    .join("\n");

describe("the card of a request", () => {
  it("shows how many of how many, who, when and why", () => {
    const text = textOf(renderCard(run, numbered(requested, approved("U0BOB", 1, "agreed <!channel>"))));
    expect(text).toContain("1 of 2, due <!date^");
    expect(text).toContain("<@U0BOB> at 10:02:03 UTC: agreed &lt;!channel&gt;");
    expect(text).toContain('"value":"run-7@0123456789ab"');
    expect(text).toContain("aftershock:revoke");
  });
  it("shows no approval that was taken back, and then nothing to take back", () => {
    const revoked: RunEventBody = { type: "revoked", by: "U0BOB", reason: null, given: 0, needed: 2 };
    const text = textOf(renderCard({ ...run, approvedBy: [] }, numbered(requested, approved("U0BOB", 1), revoked)));
    expect(text).toContain("0 of 2");
    expect(text).not.toContain("<@U0BOB>");
    expect(text).not.toContain("aftershock:revoke");
  });
  it("shows as many as the policy wanted last", () => {
    const more: RunEventBody = { ...approved("U0BOB", 1), needed: 3 } as RunEventBody;
    expect(textOf(renderCard(run, numbered(requested, more)))).toContain("1 of 3");
  });
});

describe("the thread", () => {
  it("says who may approve, by which rule", () =>
    expect(thread(requested)).toContain(
      'Needs 2 approvals by anybody in @dba until 10:15:00 UTC · rule \\"production\\"',
    ));
  it("says when none is needed", () =>
    expect(thread({ ...requested, plan: { ...plan, approvalsNeeded: 0 } } as RunEventBody)).toContain(
      "Needs no approval · rule",
    ));
  it("calls the requester once it is settled, not at each step", () => {
    const half = thread(requested, approved("U0BOB", 1));
    expect(half).toContain("(1 of 2)");
    expect(half).not.toContain("<@U0ALICE>, it starts now");
    expect(thread(requested, approved("U0BOB", 1), approved("U0CAROL", 2))).toContain(
      "(2 of 2) · <@U0ALICE>, it starts now",
    );
    expect(thread(requested, { type: "denied", by: "U0BOB", reason: "no" })).toContain(": no · <@U0ALICE>");
    expect(thread(requested, { type: "denied", by: "U0ALICE", reason: null })).not.toContain("· <@U0ALICE>");
    expect(thread(requested, { type: "expired" })).toContain("Nothing was touched. · <@U0ALICE>");
    expect(thread(requested, { type: "approval-void", reason: "It was for a, but <b> now." })).toContain(
      "*The approval is void, and the run has ended*: It was for a, but &lt;b&gt; now. Nothing was injected. · <@U0ALICE>",
    );
  });
  it("calls nobody for a schedule", () =>
    expect(
      thread({ ...requested, schedule: { id: "schedule-1", kind: "asks" } } as RunEventBody, { type: "expired" }),
    ).not.toContain("· <@U0ALICE>"));
});

const now = new Date("2026-11-25T10:00:00Z");
const day = { year: 2026, month: 11, day: 25 };
const freeze = (from: number, until: number): Freeze => ({
  name: "the <release>",
  match: { environments: null, systems: null, experiments: null, risks: null },
  window: { kind: "once", timeZone: "UTC", from: { ...day, minute: from }, until: { ...day, minute: until } },
});
const explained = async (policy: Policy, userId = "U0ALICE", standing: Standing = { kind: "member" }) => {
  const directory = { ...everybody, person: async () => standing };
  const authoriser = testAuthoriser({ policy: () => policy, directory, now: () => now });
  const subject = {
    ...unplanned({ ...plan, name: plan.experiment }, "lab", userId),
    plan: { namespace: "cache", durationMs: 15_000, digest: "" },
  };
  return textOf(
    explanationMessage(
      await authoriser.explain({ actor: { userId, teamId: "T1" }, subject, primaryHitBy: null }),
      "/chaos",
    ),
  );
};

describe("/chaos policy NAME", () => {
  it("says that one may, by which rule, with whose approval", async () => {
    const text = await explained(policyWith({ required: 2, limits: { namespaces: ["cache"], maxDurationMs: 60_000 } }));
    expect(text).toMatch(/You may ask for redis-split-brain now/);
    expect(text).toContain("2 of <@U0ALICE>, <@U0BOB> or <@U0CAROL>, within 15m");
    expect(text).toContain("only in cache; at most 1m");
    expect(text).toContain("You may approve it when somebody else has asked for it");
  });
  it("says that one may not, and until when it is frozen, in the reader's time", async () => {
    const text = await explained({ ...testPolicy(), freezes: [freeze(540, 660)] });
    expect(text).toContain("You may not ask");
    expect(text).toContain(
      "lab is frozen (the &lt;release&gt;) until <!date^1795604400^{date_short_pretty} at {time}|2026-11-25 11:00 UTC>",
    );
  });
  it("says when it will be frozen next", async () =>
    expect(await explained({ ...testPolicy(), freezes: [freeze(660, 720)] })).toMatch(
      /You may ask[\s\S]*none now; next the &lt;release&gt; from <!date\^1795604400/,
    ));
  it("says that no rule allows it, and at which times one does", async () => {
    const [rule] = testPolicy().rules;
    if (rule === undefined) throw new Error("no rule");
    const nights = { kind: "weekly", timeZone: "UTC", days: [1], fromMinute: 1320, untilMinute: 120 } as const;
    const text = await explained({ ...testPolicy(), rules: [{ ...rule, name: "at night", times: [nights] }] });
    expect(text).toContain("none: what no rule allows is denied");
    expect(text).toContain("at night: Mon 22:00 to 02:00 the next day (UTC)");
    expect(await explained({ ...testPolicy(), rules: [] })).toContain("No rule allows it at another time either");
  });
  it("says that Slack did not answer, instead of guessing", async () =>
    expect(await explained(testPolicy(), "U0BOB", { kind: "unknown", why: "no answer from Slack" })).toMatch(
      /You may not ask[\s\S]*no answer from Slack\), and nothing is allowed on a guess/,
    ));
  it("says that none is needed", async () =>
    expect(await explained(policyWith({ required: 0 }))).toMatch(/none is needed[\s\S]*starts without an approval/));
});

describe("/chaos policy", () => {
  it("shows rules in order, freezes with when they are, and who may resume", () => {
    const text = textOf(policyMessage({ ...testPolicy(), freezes: [freeze(540, 660), freeze(0, 1)] }, "/chaos", now));
    expect(text).toContain("*1. everything*");
    expect(text).toContain("*frozen now*, until <!date^1795604400");
    expect(text).toContain("2026-11-25 00:00 to 2026-11-25 00:01 (UTC); over");
    expect(text).toContain("runs may be resumed by <@U0ALICE>, <@U0BOB> or <@U0CAROL>");
  });
});

describe("a reason", () => {
  it("may mention people and moments, and nothing else", () => {
    const moment = "<!date^1795604400^{date_short_pretty} at {time}|2026-11-25 11:00 UTC>";
    expect(escapeReason(`<@U0BOB> until ${moment}`)).toBe(`<@U0BOB> until ${moment}`);
    for (const hostile of ["<!channel>", "<!date^1^{date}^https://evil.example|x>", "<!subteam^S1>", "<https://x|y>"]) {
      expect(escapeReason(hostile)).not.toContain("<");
    }
  });
});
