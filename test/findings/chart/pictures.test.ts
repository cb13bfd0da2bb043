import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildReport } from "../../../src/findings/build-report.ts";
import type { Picture } from "../../../src/findings/chart/picture.ts";
import { roleSpans, twoPrimaries } from "../../../src/findings/chart/roles.ts";
import { runPictures } from "../../../src/findings/chart/run-pictures.ts";
import { spread } from "../../../src/findings/chart/pins.ts";
import { textWidth } from "../../../src/findings/chart/text-width.ts";
import { themes } from "../../../src/findings/chart/theme.ts";
import type { Report } from "../../../src/findings/report.ts";
import type { History, PhaseMark } from "../../../src/probes/history.ts";
import { event, history, op, splitBrain } from "../../support/history-builder.ts";

const phases: PhaseMark[] = (["baseline", "injecting", "active", "healing", "recovery", "final-reads"] as const).map(
  (phase, at) => ({ type: "phase", phase, atMs: at * 5000 }),
);

function reportOf(h: History, title = "Redis Sentinel split brain"): Report {
  return buildReport({
    history: h,
    run: {
      id: "run-1",
      experiment: "redis-split-brain",
      title,
      hypothesis: "No acknowledged write is lost.",
      state: "completed",
      system: "redis-sentinel",
      cluster: "lab",
      namespace: "cache",
      parameters: {},
      requestedBy: "U1",
      approvedBy: ["U2"],
      planDigest: "abc",
      startedAt: "2026-01-01T00:00:00.000Z",
      endedAt: "2026-01-01T00:01:00.000Z",
    },
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  });
}

interface Words {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Every text that the picture itself places, with its box. */
function wordsOf(picture: Picture): Words[] {
  const option = picture.option(themes.light) as { graphic: Array<Record<string, never>> };
  return option.graphic.flatMap((element: Record<string, unknown>): Words[] => {
    if (element["type"] !== "text") return [];
    const { x, y, style } = element as { x: number; y: number; style: Record<string, never> };
    const { text, fontSize, fontWeight, align } = style as Record<string, unknown> as {
      text: string;
      fontSize: number;
      fontWeight: "normal" | "bold";
      align: "left" | "center" | "right";
    };
    const width = textWidth(text, fontSize, fontWeight);
    const left = x - { left: 0, center: width / 2, right: width }[align];
    return [{ text, left, right: left + width, top: y - fontSize / 2, bottom: y + fontSize / 2 }];
  });
}

/** Numbers in an option that are none. */
function badNumbers(value: unknown, path = ""): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path}: ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => badNumbers(inner, `${path}.${key}`));
}

function problemsOf(picture: Picture): string[] {
  const outside = wordsOf(picture).filter(
    ({ left, right, top, bottom }) => left < 0 || right > picture.widthPx || top < 0 || bottom > picture.heightPx,
  );
  return [
    ...outside.map(({ text }) => `outside: ${text}`),
    ...[themes.light, themes.dark].flatMap((theme) => badNumbers(picture.option(theme))),
    ...(picture.alt === "" || picture.alt.length > 2000 || /NaN|Infinity|undefined/.test(picture.alt)
      ? [`alt: ${picture.alt}`]
      : []),
  ];
}

const overlapping = (words: readonly Words[]): string[] =>
  words.flatMap((one, at) =>
    words
      .slice(at + 1)
      .filter(
        (other) =>
          one.left < other.right - 1 &&
          other.left < one.right - 1 &&
          one.top < other.bottom - 4 &&
          other.top < one.bottom - 4,
      )
      .map((other) => `${one.text} over ${other.text}`),
  );

describe("the pictures of a split brain", () => {
  const h = { ...splitBrain(), phases: splitBrain().phases.length > 0 ? splitBrain().phases : phases };
  const pictures = runPictures(h, reportOf(h));

  it("say what was measured, in their words and for people who cannot see them", () => {
    expect(
      pictures.map((picture) => ({
        id: picture.id,
        shownIn: picture.shownIn,
        size: [picture.widthPx, picture.heightPx],
        alt: picture.alt,
        words: wordsOf(picture).map(({ text }) => text),
      })),
    ).toMatchSnapshot();
  });
  it.each(pictures.map((picture) => [picture.id, picture] as const))(
    "%s has no words over others or outside",
    (_id, picture) => {
      expect(problemsOf(picture)).toEqual([]);
      expect(overlapping(wordsOf(picture))).toEqual([]);
    },
  );
  it("names the overlap in milliseconds, and goes to the thread", () => {
    const members = pictures.find(({ id }) => id === "members");
    expect(members?.alt).toMatch(/redis-0 and redis-1 both took writes for 2\d,\d{3} ms/);
    expect(members?.shownIn).toBe("thread and report");
  });
});

describe("what a history does not have is not drawn", () => {
  it("nothing without operations", () => {
    const h = history({ phases });
    expect(runPictures(h, reportOf(h))).toEqual([]);
  });
  it("no comparison without a fault, and no lanes of one member", () => {
    const h = history({
      operations: Array.from({ length: 200 }, (_, at) => op({ seq: at + 1 })),
      phases: phases.slice(0, 1),
    });
    const one = { ...h, header: { ...h.header, members: ["redis-0"] } };
    expect(runPictures(one, reportOf(one)).map(({ id }) => id)).toEqual(["timeline"]);
  });
  it("one member that took all writes is shown in the report only", () => {
    const h = history({ operations: Array.from({ length: 2000 }, (_, at) => op({ seq: at + 1 })), phases });
    const shown = runPictures(h, reportOf(h)).map(({ id, shownIn }) => [id, shownIn]);
    expect(shown).toEqual([
      ["timeline", "thread and report"],
      ["members", "report"],
      ["phases", "report"],
    ]);
  });
});

describe("who was primary when", () => {
  const said = history({
    events: [
      event(200, "redis-0", "role", { role: "master" }),
      event(300, "redis-1", "role", { role: "slave" }),
      event(5000, "redis-0", "unreachable"),
      event(6000, "redis-1", "role", { role: "master" }),
      event(8000, "redis-0", "reachable"),
      event(9500, "redis-0", "role", { role: "replica" }),
    ],
  });
  it("is each member's own word, and unknown where nobody could look", () => {
    const spans = roleSpans(said, 10_000).filter(({ member }) => member === "redis-0");
    expect(spans.map(({ role, fromMs, toMs }) => [role, fromMs, toMs])).toEqual([
      ["unknown", 0, 200],
      ["primary", 200, 5000],
      ["unknown", 5000, 8000],
      ["primary", 8000, 9500],
      ["replica", 9500, 10_000],
    ]);
    expect(twoPrimaries(roleSpans(said, 10_000))).toEqual({
      fromMs: 8000,
      toMs: 9500,
      members: ["redis-0", "redis-1"],
    });
  });
  it("is nothing where no member was asked, and unknown for one that never answered", () => {
    expect(roleSpans(history(), 1000)).toEqual([]);
    const one = history({ events: [event(0, "redis-0", "role", { role: "master" })] });
    expect(roleSpans(one, 1000).filter(({ member }) => member === "redis-1")).toEqual([
      { member: "redis-1", role: "unknown", fromMs: 0, toMs: 1000 },
    ]);
    expect(twoPrimaries(roleSpans(one, 1000))).toBeNull();
  });
  it("reads etcd's leader, and takes a Patroni that is stopped for neither", () => {
    const etcd = history({
      events: [
        event(0, "redis-0", "leader", { leader: "redis-0" }),
        event(0, "redis-1", "leader", { leader: "redis-0" }),
      ],
    });
    expect(roleSpans(etcd, 100).map(({ member, role }) => `${member} ${role}`)).toEqual([
      "redis-0 primary",
      "redis-1 replica",
    ]);
    const stopped = history({
      events: [
        event(0, "redis-0", "role", { role: "primary", state: "running" }),
        event(50, "redis-0", "role", { role: "replica", state: "stopped" }),
      ],
    });
    expect(
      roleSpans(stopped, 100)
        .filter(({ member }) => member === "redis-0")
        .map(({ role }) => role),
    ).toEqual(["primary", "unknown"]);
  });
});

it("pins stand apart and within the axis", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 800, noNaN: true }), { maxLength: 30 }), (wanted) => {
      const places = spread(
        wanted.toSorted((a, b) => a - b),
        { from: 100, to: 900 },
      );
      return places.every((x, at) => x >= 99.99 && x <= 900.01 && (at === 0 || x > (places[at - 1] ?? 0)));
    }),
  );
});

it("whatever was measured, no number is none and no words leave the canvas", () => {
  const member = fc.constantFrom("redis-0", "redis-1", "a-member-with-a-very-long-name-indeed.example.internal");
  const operation = fc.record({
    at: fc.integer({ min: 0, max: 40_000 }),
    took: fc.integer({ min: 0, max: 60_000 }),
    outcome: fc.constantFrom("ok" as const, "fail" as const, "unknown" as const),
    member,
  });
  const happened = fc.record({
    at: fc.integer({ min: 0, max: 60_000 }),
    member,
    what: fc.constantFrom("role", "reachable", "unreachable", "fault-injected", "+switch-master", "fault-removed"),
  });
  const moments = fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 60 }),
      fc.array(happened, { maxLength: 12 }),
      moments,
      fc.string({ maxLength: 200 }),
      (operations, events, starts, title) => {
        const h = history({
          operations: operations.toSorted((a, b) => a.at - b.at).map((one, at) => op({ ...one, seq: at + 1 })),
          events: events
            .toSorted((a, b) => a.at - b.at)
            .map((one) =>
              event(one.at, one.member, one.what, {
                role: one.at % 2 === 0 ? "master" : "replica",
                from: one.member,
                to: one.member,
              }),
            ),
          phases: phases.map((phase, at) => ({ ...phase, atMs: starts.toSorted((a, b) => a - b)[at] ?? 0 })),
        });
        expect(runPictures(h, reportOf(h, title)).flatMap(problemsOf)).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});
