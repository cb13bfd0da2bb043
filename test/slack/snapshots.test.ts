import type { KnownBlock } from "@slack/types";
import { describe, expect, it } from "vitest";
import type { RunEvent, RunEventBody } from "../../src/run/events.ts";
import { runStates } from "../../src/run/lifecycle.ts";
import type { RunRow } from "../../src/run/service.ts";
import { content, fields, limits, section, type MessageContent } from "../../src/slack/limits.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { renderCard } from "../../src/slack/views/card.ts";
import { plan } from "../support/database.ts";

const run: RunRow = {
  id: "run-7",
  experiment: plan.experiment,
  state: "requested",
  plan,
  digest: "0123456789abcdef".repeat(4),
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C1",
  approvedBy: [],
  createdAt: "2026-01-01T10:00:00.000Z",
  expiresAt: "2026-01-01T10:15:00.000Z",
  endedAt: null,
  abortRequestedBy: null,
};

/** A message as somebody reads it: one line per text, buttons in brackets. */
function read(message: MessageContent): string {
  const line = (block: KnownBlock): string[] => {
    switch (block.type) {
      case "header":
        return [`# ${block.text.text}`];
      case "section":
        return [
          ...(block.text === undefined ? [] : [block.text.text]),
          ...(block.fields ?? []).map((field) => field.text.replace("\n", ": ")),
        ];
      case "context":
        return block.elements.flatMap((element) => (element.type === "image" ? [] : [`(${element.text})`]));
      case "actions":
        return [
          block.elements
            .flatMap((element) =>
              element.type === "button"
                ? [`[${element.text.text}${element.confirm === undefined ? "" : " …"} ${element.style ?? ""}]`]
                : [],
            )
            .join(" "),
        ];
      default:
        return [`-- ${block.type}`];
    }
  };
  return [message.text, ...message.blocks.flatMap(line)].join("\n");
}

const at = "2026-01-01T10:00:00.000Z";
const number = (bodies: readonly RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ ...body, run: run.id, seq: index + 1, at }));
const sentinel = (atMs: number, source: string, event: string, detail = {}): RunEventBody => ({
  type: "system",
  atMs,
  source,
  event,
  detail,
});
const life: RunEventBody[] = [
  { type: "requested", by: "U0ALICE", plan, digest: run.digest, expiresAt: run.expiresAt },
  { type: "approved", by: "U0BOB", reason: "agreed", digest: run.digest, given: 1, needed: 1 },
  { type: "state", from: "requested", to: "approved", reason: null, atMs: null },
  { type: "claimed", worker: "w1", fence: 1, takenOver: false },
  { type: "state", from: "approved", to: "preflight", reason: null, atMs: null },
  { type: "topology", summary: "master redis-0, replicas redis-1 redis-2", groups: {} },
  { type: "guard", id: "a", title: "One master", ok: true, measured: "1", bound: "exactly 1", hint: "" },
  { type: "guard", id: "b", title: "Lag", ok: false, measured: "9 MB", bound: "at most 1 MB", hint: "Wait." },
  { type: "state", from: "preflight", to: "baseline", reason: null, atMs: 0 },
  {
    type: "probe-status",
    phase: "baseline",
    status: {
      atMs: 4000,
      clients: [
        {
          client: "pinned",
          kind: "write",
          ok: 1234,
          fail: 5,
          unknown: 6,
          okPerSecond: 100,
          p50Ms: 0.84,
          p99Ms: 12.4,
          member: "redis-0",
          okRatio: [1, 0.5, 0, null],
        },
      ],
    },
  },
  { type: "fault-intended", fault: "f", kind: "NetworkChaos", name: "cut", namespace: "cache", pods: ["redis-0"] },
  { type: "fault-injected", fault: "f", kind: "NetworkChaos", name: "cut", atMs: 5000, tookMs: 321 },
  sentinel(9100, "redis-sentinel-1", "+sdown", { kind: "master", member: "redis-0" }),
  sentinel(9150, "redis-sentinel-0", "+sdown", { kind: "master", member: "redis-0" }),
  sentinel(10_000, "redis-sentinel-0", "+switch-master", { from: "redis-0", to: "redis-1" }),
  { type: "state", from: "active", to: "healing", reason: null, atMs: 20_000 },
  { type: "fault-removed", fault: "f", kind: "NetworkChaos", name: "cut", atMs: 20_100, tookMs: 88 },
  { type: "healing-proof", what: "redis-0 to redis-1", ok: true, detail: "PONG" },
  { type: "healing-proof", what: "redis-1 to redis-0", ok: false, detail: "timeout" },
  { type: "converged", ok: true, summary: "all follow redis-1", tookMs: 4321 },
  { type: "problem", code: "x", message: "A thing broke.", hint: "Mend it." },
  { type: "state", from: "judging", to: "failed", reason: "Cleanup unverified.", atMs: 30_000 },
];

describe("what people read", () => {
  it.each(runStates)("the card, %s", (state) => {
    const change = state === "requested" || state === "denied" || state === "expired" ? {} : { approvedBy: ["U0BOB"] };
    expect(read(renderCard({ ...run, state, ...change }, []))).toMatchSnapshot();
  });
  it("the thread of a run", () => {
    const messages = narrate({ ...run, state: "failed", approvedBy: ["U0BOB"] }, number(life));
    expect(
      messages.map(({ key, payload }) => `== ${key}\n${payload.kind === "message" ? read(payload) : payload.comment}`),
    ).toMatchSnapshot();
  });
});

describe("what Slack would refuse", () => {
  const size = (message: MessageContent): number => read({ ...message, text: "" }).length;
  it("is cut to the total of a message, and its end stays", () => {
    const cut = content("x", [
      ...Array.from({ length: 40 }, (_u, n) => section(`${n} ${"y".repeat(900)}`)),
      section("end"),
    ]);
    expect(size(cut)).toBeLessThan(limits.totalText + 200);
    expect(size(cut)).toBeGreaterThan(limits.totalText / 2);
    expect(read(cut)).toContain("left out");
    expect(read(cut).endsWith("end")).toBe(true);
  });
  it("is not cut below it", () => {
    expect(content("x", [section("a".repeat(2900)), section("b")]).blocks).toHaveLength(2);
  });
  it("has no empty text and no empty list", () => {
    expect(section("  ")).toEqual(section("–"));
    expect(fields([])).toEqual(section("–"));
  });
});
