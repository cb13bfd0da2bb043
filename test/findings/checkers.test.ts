import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { doubleAcceptance } from "../../src/findings/double-acceptance.ts";
import { historyLines, parseHistory } from "../../src/findings/history-lines.ts";
import { findOutages } from "../../src/findings/outages.ts";
import { unsoundness } from "../../src/findings/soundness.ts";
import { staleReads } from "../../src/findings/stale-reads.ts";
import { checkWrites, divergentMembers } from "../../src/findings/write-counts.ts";
import type { History, Outcome } from "../../src/probes/history.ts";
import { event, finalRead, fourClients, history, op, splitBrain } from "../support/history-builder.ts";
import { recount } from "./naive-recount.ts";

const counts = (h: History) => checkWrites(h)[0]?.counts;

describe("what became of writes", () => {
  const operations = [
    op({ seq: 1 }),
    op({ seq: 2 }),
    op({ seq: 3, outcome: "unknown" }),
    op({ seq: 4, outcome: "unknown" }),
    op({ seq: 5, outcome: "fail" }),
  ];
  it("counts lost, recovered, duplicated and unexpected", () => {
    const finalReads = [
      finalRead([
        [2, 3],
        [3, 3],
        [5, 5],
        [9, 9],
      ]),
    ];
    expect(checkWrites(history({ operations, finalReads }))).toEqual([
      {
        client: "follower",
        counts: {
          attempted: 5,
          acknowledged: 2,
          failed: 1,
          unknown: 2,
          lost: 1,
          recovered: 1,
          duplicated: 1,
          unexpected: 2,
        },
        lost: [1],
      },
    ]);
  });
  it("finds nothing wrong where nothing is", () => {
    expect(counts(history({ operations, finalReads: [finalRead([[1, 3]])] }))).toMatchObject({
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
  });
  it.each([
    ["no final read", []],
    ["a final read that failed", [finalRead([], { error: "timeout" })]],
    ["a final read of a member that does not count", [finalRead([[1, 9]], { authoritative: false })]],
  ])("claims nothing with %s", (_what, finalReads) => {
    expect(counts(history({ operations, finalReads }))).toMatchObject({
      lost: null,
      recovered: null,
      duplicated: null,
      unexpected: null,
    });
  });
  it("finds members that hold other values, whatever their lag says", () => {
    const replica = (ranges: Array<[number, number]>) =>
      finalRead(ranges, { member: "redis-2", role: "replica", authoritative: false });
    expect(
      divergentMembers(
        history({
          operations,
          finalReads: [
            finalRead([[1, 3]]),
            replica([
              [1, 2],
              [5, 5],
            ]),
          ],
        }),
      ),
    ).toEqual([{ member: "redis-2", client: "follower", differing: 2 }]);
    expect(divergentMembers(history({ operations, finalReads: [finalRead([[1, 3]]), replica([[1, 3]])] }))).toEqual([]);
  });

  const outcome = fc.constantFrom<Outcome>("ok", "fail", "unknown");
  const arbitrary = fc.record({
    outcomes: fc.array(outcome, { maxLength: 60 }),
    stored: fc.option(fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 80 })),
  });
  test.prop([arbitrary])("agrees with the naive recount of its own history.jsonl", ({ outcomes, stored }) => {
    const random = history({
      operations: outcomes.map((result, at) => op({ seq: at + 1, outcome: result })),
      finalReads: stored === null ? [] : [finalRead(stored.map((value) => [value, value]))],
    });
    expect({ follower: counts(random) }).toEqual(recount([...historyLines(random)].join("\n")));
  });
  it("agrees with the naive recount on a split brain", () => {
    const h = splitBrain();
    const recounted = recount([...historyLines(h)].join("\n"));
    for (const { client, counts: own } of checkWrites(h)) expect(recounted[client]).toEqual(own);
  });
});

describe("outages", () => {
  const series = (pattern: string): History =>
    history({
      operations: [...pattern].map((mark, at) =>
        op({ seq: at + 1, at: at * 10, outcome: mark === "." ? "ok" : "fail", error: "READONLY" }),
      ),
    });
  it("begin with the first that is not ok and end with the first of three good ones", () => {
    expect(findOutages(series("..xx.x....."))).toEqual([
      { probe: "follower", kind: "write", startMs: 20, endMs: 60, lengthMs: 40, errors: { READONLY: 3 } },
    ]);
  });
  it("that never end are open intervals", () => {
    expect(findOutages(series("....xx.."))).toMatchObject([{ startMs: 40, endMs: null, lengthMs: null }]);
  });
  it("are not seen where none was, and told apart where two were", () => {
    expect(findOutages(series("........"))).toEqual([]);
    expect(findOutages(series("x...x..."))).toHaveLength(2);
  });
});

describe("two members accepting writes at once", () => {
  it("is measured from the newer's first acknowledgement to the older's last", () => {
    expect(doubleAcceptance(splitBrain())).toMatchObject({
      older: "redis-0",
      newer: "redis-1",
      fromMs: 9001,
      toMs: 29_991,
    });
  });
  it("is not claimed for a clean hand-over, nor for refusals", () => {
    const handOver = [
      op({ seq: 1 }),
      op({ seq: 2 }),
      op({ seq: 3, outcome: "fail" }),
      op({ seq: 4, member: "redis-1" }),
      op({ seq: 5, outcome: "fail" }),
    ];
    expect(doubleAcceptance(history({ operations: handOver }))).toBeNull();
  });
});

describe("stale reads", () => {
  const write = fc.record({ at: fc.integer({ min: 0, max: 500 }), took: fc.integer({ min: 0, max: 50 }) });
  const read = fc.record({ at: fc.integer({ min: 0, max: 600 }), seen: fc.integer({ min: 0, max: 20 }) });
  test.prop([fc.array(write, { maxLength: 20 }), fc.array(read, { maxLength: 20 })])(
    "are those of a naive comparison of all pairs",
    (writes, reads) => {
      const operations = [
        ...writes.map(({ at, took }, index) => op({ client: "pinned", seq: index + 1, at, took })),
        ...reads.map(({ at, seen }, index) => op({ client: "pinned-reads", kind: "read", seq: index + 1, at, seen })),
      ];
      const naive = reads.filter(({ at, seen }) =>
        writes.some((w, index) => w.at + w.took < at && index + 1 > seen),
      ).length;
      expect(
        staleReads(history({ clients: fourClients, operations })).find((entry) => entry.client === "pinned-reads")
          ?.stale,
      ).toBe(naive);
    },
  );
});

describe("whether anything can be concluded", () => {
  it("from a whole history: yes", () => expect(unsoundness(splitBrain())).toEqual([]));
  it.each<[string, (h: History) => History, RegExp]>([
    [
      "without injection",
      (h) => ({ ...h, events: h.events.filter((e) => e.event !== "fault-injected") }),
      /never injected/,
    ],
    [
      "with a fault that did nothing",
      (h) => ({
        ...h,
        events: [...h.events, event(6000, "run", "fault-without-effect", { from: "redis-0", to: "redis-1" })],
      }),
      /redis-0 and redis-1 still answered each other/,
    ],
    ["without a final read", (h) => ({ ...h, finalReads: [] }), /no final read/],
    [
      "with a final read that failed",
      (h) => ({ ...h, finalReads: h.finalReads.map((r) => ({ ...r, error: "gone" })) }),
      /failed: gone/,
    ],
    [
      "with an ailing baseline",
      (h) => ({
        ...h,
        operations: h.operations.map((o) =>
          o.plannedMs < 5000 && o.seq % 2 === 0 ? { ...o, outcome: "fail" as const } : o,
        ),
      }),
      /not healthy before the fault/,
    ],
    ["with probes that stalled", (h) => ({ ...h, loopDelay: { type: "loop-delay", p99Ms: 80, maxMs: 90 } }), /stalled/],
  ])("%s: no, and it says why", (_what, spoil, why) =>
    expect(unsoundness(spoil(splitBrain())).join("; ")).toMatch(why),
  );
});

describe("history.jsonl", () => {
  it("reads back what was written", () => {
    const h = splitBrain();
    const back = parseHistory(historyLines(h));
    expect(back.operations.length).toBe(h.operations.length);
    expect(checkWrites(back)).toEqual(checkWrites(h));
    expect(back.events).toEqual(h.events);
  });
  it.each([
    ["not JSON", ["{"], /line 1: not JSON/],
    ["no header", ['{"type":"op"}'], /line 1: the first record must be the header/],
    ["an unknown record", [JSON.stringify(history().header), '{"type":"x"}'], /line 2: unknown record type/],
    ["nothing", [], /no header/],
  ])("refuses %s by its line", (_what, lines, message) => expect(() => parseHistory(lines)).toThrow(message));
  it("keeps events in order", () => {
    const h = history({ events: [event(1, "a", "x"), event(2, "a", "y")] });
    expect([...historyLines(h)].length).toBe(3);
  });
});
