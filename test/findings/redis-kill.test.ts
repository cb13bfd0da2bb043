import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { History } from "../../src/probes/history.ts";
import { event } from "../support/history-builder.ts";
import { killed, type Kill } from "../support/killed-redis.ts";

function report(h: History, maxOutage = "30s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "redis-failover",
    title: "Redis master killed",
    hypothesis: "A replica is promoted in time, and nothing is lost.",
    state: "completed",
    system: "redis-sentinel",
    cluster: "lab",
    namespace: "cache",
    parameters: { maxOutage },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const kills = ["redis.master-back-before-missed", "redis.returned-as-master", "redis.lost-with-the-master"];
const value = (h: History, id: string) => report(h).measures.find((entry) => entry.id === id)?.value;

describe("a killed master", () => {
  it("holds when a replica takes over in time, nothing is lost, and it comes back as a replica", () => {
    expect(report(killed()).because).toBe(
      "Writes were accepted again after 3.00 s, all 1,700 acknowledged writes survived, and redis-0 returned as a replica.",
    );
    expect(report(killed()).verdicts.hypothesis).toBe("held");
    expect(ids(killed()).filter((id) => kills.includes(id) || id === "redis.two-masters-accepted-writes")).toEqual([]);
  });
  it("counts every time from the kill, though the object is removed later", () => {
    expect(value(killed(), "switch-master")).toBe(3000);
    expect(value(killed(), "back")).toBe(6000);
    expect(value(killed(), "demoted")).toBe(8000);
    expect(value(killed(), "resynced")).toBe(8000);
  });
  it.each<[string, History, string, RegExp]>([
    [
      "writes come back later than the parameter allows",
      killed(),
      "2s",
      /accepted again after 3\.00 s, later than 2\.00 s/,
    ],
    [
      "it does not return as a replica",
      killed({ returns: false }),
      "30s",
      /^The killed member redis-0 was not seen to return/,
    ],
    [
      "nobody is promoted",
      killed({ promoted: false, backMs: 5800 }),
      "30s",
      /no replica was promoted: redis-0 answered again after 0\.80 s/,
    ],
    ["an acknowledged write is lost", killed({ unsent: 3 }), "30s", /^3 of 1,700 acknowledged writes were lost/],
  ])("is refuted when %s", (_what, h, maxOutage, because) => {
    expect(report(h, maxOutage).verdicts.hypothesis).toBe("refuted");
    expect(report(h, maxOutage).because).toMatch(because);
  });
  it("says that it was back before anybody missed it, and what that cost", () => {
    const found = report(killed({ promoted: false, backMs: 5800 })).findings[0];
    expect([found?.id, report(killed({ promoted: false, backMs: 5800 })).findings[1]?.id]).toContain(
      "redis.master-back-before-missed",
    );
    expect(ids(killed({ promoted: false, backMs: 5800 }))).not.toContain("redis.no-failover");
  });
  it("says that it came back as a master, and counts what it took", () => {
    const found = report(killed({ acceptsAfterReturn: true })).findings.find(
      ({ id }) => id === "redis.returned-as-master",
    );
    expect(found?.evidence[1]).toMatch(/^it acknowledged 200 writes/);
    expect(found?.setting?.name).toBe("min-replicas-to-write");
    expect(value(killed({ acceptsAfterReturn: true }), "returned-as-master")).toBe(1990);
  });
  it("tells the writes that died with it from those that it took afterwards", () => {
    const found = (kill: Kill) =>
      report(killed(kill)).findings.find(({ id }) => id === "redis.lost-with-the-master")?.title;
    expect(found({ unsent: 3 })).toMatch(/^3 acknowledged writes died with the master/);
    expect(found({ acceptsAfterReturn: true })).toBeUndefined();
  });
  it("is not judged when the pod was never killed", () => {
    const h = killed();
    const idle = event(5200, "run", "fault-without-effect", { reason: "redis-0 was still the same pod" });
    expect(report({ ...h, events: [...h.events, idle] }).because).toMatch(/redis-0 was still the same pod/);
  });
});

describe("a key written on both sides", () => {
  const both = (values: Array<[number, string, string]>, final: string): History => {
    const h = killed({ acceptsAfterReturn: true });
    const writes = values.map(([at, member, text]) => event(at, "pinned", "shared-key-write", { member, value: text }));
    return { ...h, events: [...h.events, ...writes, event(19_000, "redis-1", "shared-key-read", { value: final })] };
  };
  const found = (h: History) => report(h).findings.find(({ id }) => id === "redis.key-written-on-both-sides");

  it("names whose value survived, and counts what is gone", () => {
    const finding = found(
      both(
        [
          [11_500, "redis-0", "pinned 1"],
          [12_000, "redis-0", "pinned 2"],
          [14_000, "redis-1", "follower 9"],
        ],
        "follower 9",
      ),
    );
    expect(finding?.title).toBe("Of a key written on both sides, the value of redis-1 survived");
    expect(finding?.evidence.at(-1)).toMatch(/^2 acknowledged values of redis-0/);
  });
  it("is silent when only one side wrote it", () => {
    expect(
      found(
        both(
          [
            [4000, "redis-0", "pinned 1"],
            [14_000, "redis-1", "follower 9"],
          ],
          "follower 9",
        ),
      ),
    ).toBeUndefined();
  });
});
