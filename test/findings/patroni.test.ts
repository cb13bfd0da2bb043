import { describe, expect, it } from "vitest";
import type { History } from "../../src/probes/history.ts";
import { event, op } from "../support/history-builder.ts";
import { hit, reportOfHit as report } from "../support/hit-primary.ts";

const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const value = (h: History, id: string) => report(h).measures.find((entry) => entry.id === id)?.value;
const kill = (): History => hit({ action: "pod-kill" });

describe("a killed primary", () => {
  it("holds when a replica takes over in time, nothing is lost, and it returns", () => {
    const { verdicts, because } = report(kill());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(ids(kill())).toEqual(expect.arrayContaining(["patroni.failover-time", "patroni.nothing-lost"]));
    expect(ids(kill()).some((id) => /two-primaries|no-failover|not-back|reads-failed|diverge/.test(id))).toBe(false);
  });
  it("times every step from the kill", () => {
    expect(value(kill(), "leader-loss-seen")).toBe(250);
    expect(value(kill(), "lock-expired")).toBe(19_000);
    expect(value(kill(), "lock-taken")).toBe(19_500);
    expect(value(kill(), "promoted")).toBe(20_000);
    expect(value(kill(), "back")).toBe(24_000);
    expect(value(kill(), "rejoined")).toBe(27_000);
    expect(value(kill(), "timeline")).toBe(2);
  });
  it.each<[string, History, string, RegExp]>([
    ["writes come back late", kill(), "10s", /after 20\.00 s, later than 10\.00 s/],
    ["nobody is promoted", hit({ action: "pod-kill", promoted: false }), "30s", /^Nobody else was promoted/],
    ["the old primary stays away", hit({ action: "pod-kill", rejoins: false }), "30s", /did not return as a replica/],
  ])("is refuted when %s", (_what, h, maxOutage, because) => {
    expect(report(h, maxOutage).verdicts.hypothesis).toBe("refuted");
    expect(report(h, maxOutage).because).toMatch(because);
  });
  it.each<[string, { labelAgeMs: number | null; versionAgeMs: number | null } | null, string]>([
    ["rewound", { labelAgeMs: 5000, versionAgeMs: 999_000 }, "rewound by pg_rewind"],
    ["copied anew", { labelAgeMs: 5000, versionAgeMs: 6000 }, "copied anew by a base backup"],
    ["as it was", { labelAgeMs: 999_000, versionAgeMs: 999_000 }, "on its own data, without rewind"],
    ["as it was, never backed up", { labelAgeMs: null, versionAgeMs: 999_000 }, "on its own data, without rewind"],
    ["unseen", null, "how is not known"],
  ])("says how the old primary rejoined: %s", (_what, detail, words) => {
    const h = kill();
    const events = detail === null ? h.events : [...h.events, event(39_500, "postgresql-0", "data-directory", detail)];
    const found = report({ ...h, events });
    expect(found.measures.find(({ id }) => id === "rejoined")?.note).toBe(words);
  });
  it("times the label that services select by", () => {
    const h = kill();
    const events = [
      ...h.events,
      event(1000, "cluster", "endpoint", { pods: "postgresql-0" }),
      event(26_000, "cluster", "endpoint", { pods: "postgresql-1" }),
    ];
    expect(value({ ...h, events }, "endpoint")).toBe(21_000);
    expect(value(h, "endpoint")).toBeNull();
  });
  it("says that nobody took over, and that the old one did not rejoin", () => {
    expect(ids(hit({ action: "pod-kill", promoted: false }))).toContain("patroni.no-failover");
    expect(ids(hit({ action: "pod-kill", rejoins: false }))).toContain("patroni.old-primary-not-back");
  });
  it("counts the reads from replicas that failed", () => {
    const h = kill();
    const failing = h.operations.map((entry) =>
      entry.kind === "read" && entry.seq === 2000
        ? { ...entry, outcome: "fail" as const, error: "connection-lost" }
        : entry,
    );
    expect(value({ ...h, operations: failing }, "failed-replica-reads")).toBe(1);
    expect(ids({ ...h, operations: failing })).toContain("patroni.replica-reads-failed");
  });
  it("finds members that hold different rows, whatever their lag says", () => {
    const h = kill();
    const finalReads = h.finalReads.map((read) =>
      read.member === "postgresql-2" ? { ...read, ranges: [[1, 10]] as Array<[number, number]> } : read,
    );
    expect(ids({ ...h, finalReads })).toContain("patroni.members-diverge");
  });
});

describe("a primary that was cut off", () => {
  it("loses what it took alone, and is said to have stopped in time", () => {
    const h = hit({ action: "partition", acceptsUntilMs: 12_000 });
    expect(report(h).because).toMatch(/^700 of 2,700 acknowledged writes were lost/);
    expect(value(h, "last-old-write")).toBeCloseTo(6991, -1);
    expect(value(h, "demoted")).toBe(7000);
    // A connection that is cut silently goes on for a minute: nobody saw the loss, and no figure is made of that.
    expect(value(h, "leader-loss-seen")).toBeNull();
    expect(value(h, "bytes-beyond-fork")).toBe(2000);
    expect(ids(h)).toEqual(
      expect.arrayContaining(["patroni.lost-acknowledged-writes", "patroni.demoted-before-promotion"]),
    );
    expect(ids(h)).not.toContain("patroni.two-primaries-accepted-writes");
    const setting = report(h).findings[0]?.setting;
    expect([setting?.name, setting?.value]).toEqual(["synchronous_mode", "off (not set)"]);
  });
  it("that never stopped makes two primaries, with the overlap in milliseconds", () => {
    const h = hit({ action: "partition", acceptsUntilMs: 12_000 });
    const pinned = Array.from({ length: 2600 }, (_unused, index) =>
      op({ client: "follower", seq: 10_001 + index, at: (index + 1) * 10, member: "postgresql-0" }),
    );
    const both = { ...h, operations: [...h.operations, ...pinned] };
    expect(ids(both)).toContain("patroni.two-primaries-accepted-writes");
    expect(value(both, "double-acceptance")).toBeGreaterThan(900);
  });
});
