import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { buildReport } from "../../src/findings/build-report.ts";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import type { RunRow } from "../../src/run/service.ts";
import { errorMessage } from "../../src/slack/errors.ts";
import { clamp, content, escapeText, section } from "../../src/slack/limits.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { sparkline } from "../../src/slack/views/live.ts";
import { plan } from "../support/database.ts";
import { splitBrain } from "../support/history-builder.ts";
import { hostileText } from "./property/hostile.ts";

const run = (change: Partial<RunRow> = {}): RunRow => ({
  id: "run-1",
  experiment: plan.experiment,
  state: "requested",
  plan,
  digest: "d".repeat(64),
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C1",
  approvedBy: [],
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T00:15:00.000Z",
  endedAt: null,
  abortRequestedBy: null,
  ...change,
});
const number = (bodies: readonly RunEventBody[]): RunEvent[] =>
  bodies.map((body, at) => ({ ...body, run: "run-1", seq: at + 1, at: "2026-01-01T00:00:00.000Z" }));

/** One of every kind of event, with a given text wherever text can be. */
function everything(text: string): RunEventBody[] {
  const report = buildReport({
    history: splitBrain(),
    run: {
      id: "run-1",
      experiment: text,
      title: text,
      hypothesis: text,
      state: "completed",
      system: "redis-sentinel",
      cluster: text,
      namespace: text,
      parameters: {},
      requestedBy: "U1",
      approvedBy: [],
      planDigest: "d",
      startedAt: "",
      endedAt: "",
      reason: text,
    },
    runVerdict: "completed",
    cleanupVerdict: "unverified",
    guards: [],
    cleanup: [],
  });
  report.findings.push({
    id: "x",
    severity: "high",
    title: text,
    evidence: [text, text],
    advice: text,
    setting: { name: text, value: text, recommended: text, member: text, source: text },
  });
  const own = {
    ...plan,
    title: text,
    hypothesis: text,
    topology: text,
    cluster: text,
    namespace: text,
    probes: [text, text],
    parameters: { [text.slice(0, 20)]: text },
  };
  const client = {
    kind: "write",
    ok: 1,
    fail: 1,
    unknown: 1,
    okPerSecond: 1,
    p50Ms: null,
    p99Ms: 1,
    okRatio: [1, null, 0],
  } as const;
  return [
    { type: "requested", by: "U0ALICE", plan: own, digest: "d", expiresAt: "2026-01-01T00:00:00.000Z" },
    { type: "approved", by: "U0BOB", reason: text, digest: "d", given: 1, needed: 1 },
    { type: "denied", by: text, reason: text },
    { type: "expired" },
    { type: "abort-requested", by: text, reason: text },
    { type: "claimed", worker: text, fence: 2, takenOver: true },
    { type: "topology", summary: text, groups: {} },
    ...Array.from({ length: 30 }, (): RunEventBody => ({
      type: "guard",
      id: "g",
      title: text,
      ok: false,
      measured: text,
      bound: text,
      hint: text,
    })),
    { type: "state", from: "preflight", to: "baseline", reason: null, atMs: 0 },
    {
      type: "probe-status",
      phase: "active",
      status: {
        atMs: 1,
        clients: Array.from({ length: 30 }, (_u, at) => ({
          ...client,
          okRatio: [...client.okRatio],
          client: `c${at}`,
          member: text,
        })),
      },
    },
    ...Array.from({ length: 200 }, (_u, at): RunEventBody => ({
      type: "system",
      atMs: at * 5000,
      source: text,
      event: text,
      detail: { member: text, kind: text },
    })),
    { type: "fault-intended", fault: text, kind: "NetworkChaos", name: text, namespace: text, pods: [text] },
    { type: "fault-injected", fault: text, kind: "NetworkChaos", name: text, atMs: 1, tookMs: 1 },
    { type: "state", from: "active", to: "healing", reason: text, atMs: 1 },
    { type: "fault-removed", fault: text, kind: text, name: text, atMs: 1, tookMs: 1 },
    { type: "healing-proof", what: text, ok: false, detail: text },
    { type: "converged", ok: false, summary: text, tookMs: 1 },
    { type: "stop-condition", id: text, measured: text, bound: text },
    { type: "problem", code: "x", message: text, hint: text },
    { type: "judged", report, artifacts: ["chart.png", "report.md"] },
    { type: "state", from: "judging", to: "failed", reason: text, atMs: 1 },
  ];
}

describe("everything that the bot can show", () => {
  test.prop([hostileText, fc.integer({ min: 1, max: 4000 })])(
    "is never cut inside an entity or a pair",
    (text, length) => {
      const cut = clamp(escapeText(text), length);
      expect(cut.length).toBeLessThanOrEqual(length);
      expect(cut).not.toMatch(/&(?!amp;|lt;|gt;)/);
      expect(cut).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    },
  );
  it("keeps the end when there are too many blocks", () => {
    const many = content(
      "x",
      Array.from({ length: 80 }, (_u, at) => section(`part ${at}`)),
    );
    expect(many.blocks).toHaveLength(50);
    expect(JSON.stringify(many.blocks.at(-1))).toContain("part 79");
  });
  it("never shows a stack trace", () => {
    const error = new Error("secret password at /somewhere");
    let logged: unknown;
    const shown = errorMessage(error, (_reference, cause) => (logged = cause));
    expect(JSON.stringify(shown)).not.toContain("secret");
    expect(logged).toBe(error);
  });
});

describe("narration", () => {
  const events = number(everything("plain"));
  it("gives the same messages for the same events", () => {
    expect(narrate(run(), events)).toEqual(narrate(run(), events));
  });
  it("only ever adds messages, in order, and never renames one", () => {
    let before: string[] = [];
    for (let length = 0; length <= events.length; length += 1) {
      const keys = narrate(run(), events.slice(0, length)).map((message) => message.key);
      expect(keys.filter((key) => before.includes(key))).toEqual(before);
      expect(new Set(keys).size).toBe(keys.length);
      before = keys;
    }
  });
  it("has one message of each name when a run was judged twice, by a worker that died and by another", () => {
    const twice = narrate(run(), number([...everything("plain"), ...everything("plain")]));
    const keys = twice.map((message) => message.key);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
    expect(keys).toContain("files:report");
  });
  it("offers buttons only where they do something", () => {
    const buttons = (change: Partial<RunRow>): string =>
      JSON.stringify(narrate(run(change), [])[0]?.payload)
        .match(/aftershock:\w+/g)
        ?.join(" ") ?? "";
    expect(buttons({})).toBe("aftershock:approve aftershock:deny");
    expect(buttons({ state: "active" })).toBe("aftershock:stop");
    expect(buttons({ state: "active", abortRequestedBy: "U1" })).toBe("");
    expect(buttons({ state: "completed" })).toBe("");
  });
  const said = (atMs: number, event: string): RunEventBody => ({
    type: "system",
    atMs,
    source: "rabbitmq-0",
    event,
    detail: {},
  });
  const injected: RunEventBody = {
    type: "fault-injected",
    fault: "kill",
    kind: "PodChaos",
    name: "run-1-kill",
    atMs: 5000,
    tookMs: 150,
  };
  const systemMessages = (...bodies: RunEventBody[]): Record<string, string> =>
    Object.fromEntries(
      narrate(run(), number(bodies))
        .filter(({ key }) => key.startsWith("system:"))
        .map(({ key, payload }) => [key, JSON.stringify(payload)]),
    );
  it("tells what was said while the fault took hold with the fault, though it was stored before", () => {
    const told = systemMessages(said(1000, "calm"), said(5060, "gone"), injected, said(6000, "elected"));
    expect(told["system:before"]).toMatch(/during the baseline.*calm/);
    expect(told["system:before"]).not.toContain("gone");
    expect(told["system:during"]).toMatch(/gone.*elected/);
  });
  it("gives a message that holds nothing else the title that fits", () => {
    const told = systemMessages(said(5060, "gone"), injected, said(6000, "elected"));
    expect(told["system:before"]).toMatch(/since the injection.*gone/);
    expect(told["system:during"]).toMatch(/since the injection.*elected/);
  });
  it("draws a bar a second, and tells none due from none ok", () => expect(sparkline([1, 0.5, 0, null])).toBe("█▅✗·"));
});
