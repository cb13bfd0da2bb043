import type { KnownBlock } from "@slack/types";
import { describe, expect, it } from "vitest";
import { lastResults } from "../../src/findings/comparison/trend.ts";
import type { Overview } from "../../src/run/overview/overview.ts";
import type { RunRow } from "../../src/run/service.ts";
import { renderAppHome, type HomePage } from "../../src/slack/views/home/app-home.ts";
import { renderHere } from "../../src/slack/views/home/here.ts";
import { plan } from "../support/database.ts";
import { emptyOverview } from "../support/overview.ts";
import { pastRun } from "../support/past.ts";
import { testSchedule } from "../support/schedule.ts";
import { refuseView } from "../support/slack-gate/rules.ts";
import { hostileText, poison } from "./property/hostile.ts";
import { homePages } from "./property/home-renderers.ts";
import { samples } from "./property/samples.ts";
import { fc } from "@fast-check/vitest";

const run = (number: number, change: Partial<RunRow> = {}): RunRow => ({
  id: `run-${number}`,
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
  ...change,
});

const busy: Overview = {
  ...emptyOverview,
  waiting: [
    { what: { kind: "run", run: run(12) }, role: "decide", why: null },
    { what: { kind: "schedule", schedule: testSchedule }, role: "decide", why: null },
    { what: { kind: "run", run: run(13, { requestedBy: "U0BOB" }) }, role: "asked", why: "You asked." },
    { what: { kind: "run", run: run(9, { channelId: "C2" }) }, role: "decide", why: null },
  ],
  running: [
    run(11, { state: "active", approvedBy: ["U0BOB"] }),
    run(8, { state: "healing", abortRequestedBy: "U0BOB" }),
  ],
  counts: { waiting: 4, running: 2 },
};

/** Blocks as somebody reads them: one line per text, buttons in brackets, `…` where it is asked twice. */
function read(blocks: readonly KnownBlock[]): string {
  const line = (block: KnownBlock): string[] => {
    switch (block.type) {
      case "header":
        return [`# ${block.text.text}`];
      case "section":
        return [block.text?.text ?? ""];
      case "context":
        return block.elements.flatMap((element) => (element.type === "image" ? [] : [`(${element.text})`]));
      case "actions":
        return [
          block.elements
            .flatMap((element) =>
              element.type === "button"
                ? [
                    `[${element.text.text}${element.confirm === undefined ? "" : " …"}${element.style === undefined ? "" : ` ${element.style}`}]`,
                  ]
                : [],
            )
            .join(" "),
        ];
      default:
        return ["----"];
    }
  };
  return blocks.flatMap(line).join("\n");
}

const here = { channelId: "C1", standing: null, alarms: [], verbs: [], command: "/chaos" };
const page: HomePage = { overview: busy, standing: null, alarms: [], schedules: [], results: [], command: "/chaos" };

describe("/chaos alone", () => {
  it("on the first day says what this is and what to do", () =>
    expect(read(renderHere({ ...here, overview: emptyOverview, isFirstDay: true }).blocks)).toMatchSnapshot());
  it("on a quiet day says so in a line", () => {
    const { text, blocks } = renderHere({ ...here, overview: emptyOverview, isFirstDay: false });
    expect(text).toBe("Nothing runs or waits in this channel.");
    expect(read(blocks)).toMatchSnapshot();
  });
  it("on a busy day shows this channel's, each with its buttons, and counts the others", () =>
    expect(
      read(renderHere({ ...here, overview: busy, isFirstDay: false, verbs: ["gameday", "actions"] }).blocks),
    ).toMatchSnapshot());
  it("is no wall of text, however much there is", () => {
    const many = Array.from({ length: 10 }, (_u, at) => run(at));
    const overview: Overview = {
      ...emptyOverview,
      waiting: many.map((each) => ({ what: { kind: "run", run: each }, role: "decide", why: null })),
      running: many,
    };
    const { blocks } = renderHere({ ...here, overview, isFirstDay: false });
    expect(blocks.length).toBeLessThanOrEqual(20);
    expect(read(blocks)).toContain("… and 7 more: `/chaos approve`");
    expect(read(blocks).length).toBeLessThan(2500);
  });
});

describe("the App Home", () => {
  it("on the first day says what this is and what to do", () =>
    expect(read(renderAppHome({ ...page, overview: emptyOverview }))).toMatchSnapshot());
  it("on a busy day has everything that is for this person, of all channels", () => {
    const results = lastResults([
      ...[3300, 3400, 3350].map((rto, at) => pastRun(at, { rto, lost: 0 })),
      pastRun(
        4,
        { rto: 9900, lost: 12 },
        { verdicts: { hypothesis: "refuted", run: "completed", cleanup: "unverified" } },
      ),
      pastRun(5, {}, { system: "etcd", experiment: "etcd-quorum-loss", verdicts: null }),
      pastRun(
        6,
        { rto: 1 },
        { system: "kafka", verdicts: { hypothesis: "inconclusive", run: "aborted", cleanup: "verified" } },
      ),
    ]);
    const schedules = [{ ...testSchedule, state: "active" as const, nextDueAt: "2026-01-04T05:00:00.000Z" }];
    expect(read(renderAppHome({ ...page, results, schedules, alarms: samples.alarms.slice(0, 1) }))).toMatchSnapshot();
  });
  it("while everything is halted shows by whom, and the switch to those entitled only", () => {
    const [standing = null] = samples.standings;
    const entitled = read(renderAppHome({ ...page, standing }));
    expect(entitled).toContain("[Let runs start again … primary]");
    expect(entitled).not.toContain("Halt everything");
    const mayResume = "You are not among those who may resume after a halt.";
    const other = read(renderAppHome({ ...page, standing, overview: { ...busy, mayResume } }));
    expect(other).not.toContain("[Let runs start again");
    expect(other).toContain(mayResume);
  });
  it("shows no halt switch to who may not halt, and says why", () => {
    const shown = read(renderAppHome({ ...page, overview: { ...busy, mayHalt: "Only members may do that." } }));
    expect(shown).not.toContain("[Halt everything");
    expect(shown).toContain("Only members may do that.");
  });
  it("fits Slack's limits of a view, whatever is in it", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        for (const hostile of homePages({ text, ...poison(samples, text) })) {
          const blocks = renderAppHome(hostile);
          expect(blocks.length).toBeLessThanOrEqual(100);
          expect(refuseView({ type: "home", blocks })).toEqual([]);
        }
      }),
      { numRuns: 10 },
    );
  });
});
