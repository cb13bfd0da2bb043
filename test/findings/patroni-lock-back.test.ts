import { describe, expect, it } from "vitest";
import { readMarks } from "../../src/findings/chart/marks.ts";
import { olderThan } from "../../src/findings/patroni/lock-back-rules.ts";
import type { FinalRead, History, TimelineEvent } from "../../src/probes/history.ts";
import { event } from "../support/history-builder.ts";
import { hit, reportOfHit } from "../support/hit-primary.ts";

/** Healed at 30 s; 10 s later the old primary holds the lock again, and the replicas what it lacks. */
function lockBack(options: { version?: string; driver?: string; atMs?: number } = {}): History {
  const h = hit({ action: "partition", acceptsUntilMs: 12_000, rejoins: false });
  const { version = "3.0.2", driver = "etcd3", atMs = 34_000 } = options;
  const setting = (name: string, value: string) => ({ type: "setting", member: "postgresql-0", name, value }) as const;
  return {
    ...h,
    events: [...h.events, event(atMs, "etcd", "lock", { holder: "postgresql-0" })].toSorted((a, b) => a.atMs - b.atMs),
    phases: [...h.phases, { type: "phase", atMs: 72_000, phase: "final-reads" }],
    settings: [...h.settings, setting("patroni-version", version), setting("patroni-dcs-driver", driver)],
  };
}
const found = (h: History, id: string) => reportOfHit(h).findings.find((finding) => finding.id === id);
const tookBack = "patroni.old-primary-took-lock-back";

describe("an old primary that takes the lock back after the partition", () => {
  it("is found, timed, and explained by the version and the driver", () => {
    const finding = found(lockBack(), tookBack);
    expect(finding).toMatchObject({
      severity: "critical",
      title: "postgresql-0 took the lock back 4.00 s after the partition was over",
      setting: { name: "patroni-version", value: "3.0.2", recommended: "3.0.3 or newer" },
    });
    expect(finding?.setting?.source).toContain("2693");
    expect(finding?.evidence.join("\n")).toMatch(/900 writes acknowledged by it until then/);
    expect(finding?.evidence).toContain("synchronous_mode is off (not set); it does not prevent this");
    expect(finding?.advice).toMatch(/^This is a known bug of Patroni's etcd3 driver before 3\.0\.3/);
    expect(reportOfHit(lockBack()).because).toMatch(/^Postgresql-0 took the lock back after the partition/);
    expect(readMarks(lockBack()).map(({ text }) => text)).toContain("lock taken back");
  });
  it("says by whom the lost writes were acknowledged, and not that the old primary failed to return", () => {
    const h = lockBack();
    const lost = found(
      { ...h, finalReads: h.finalReads.map((read) => ({ ...read, ranges: [[1, 1200]] })) },
      "patroni.lost-acknowledged-writes",
    );
    expect(lost?.evidence).toContain(
      "acknowledged: 1,501 by postgresql-1; postgresql-0 took the lock back and does not have them",
    );
    expect(lost?.advice).toMatch(/^First mend/);
    expect(found(h, "patroni.old-primary-not-back")).toBeUndefined();
    expect(reportOfHit(h).because).not.toMatch(/did not return/);
  });
  it.each([{ version: "3.0.3" }, { version: "4.0.1" }, { driver: "etcd" }])(
    "is no known bug with %o, and found all the same",
    (options) => {
      expect(found(lockBack(options), tookBack)?.advice).toMatch(/not the known bug/);
    },
  );
  it("is told without a word of etcd where the lock is in the Kubernetes API, and so is the demotion", () => {
    const h = lockBack({ driver: "kubernetes", version: "4.0.1" });
    const finding = found(h, tookBack);
    expect(finding?.evidence).toContain("Patroni's driver for its lock: kubernetes");
    expect(finding?.advice).toMatch(/^A member that lost its lock .* Keep the members' logs/);
    expect(finding).not.toHaveProperty("setting");
    const demoted = found(h, "patroni.demoted-before-promotion");
    expect(demoted?.evidence.join()).toContain("tries to reach the Kubernetes API before it demotes itself");
    expect(demoted?.advice).toMatch(/shorter stalls of the Kubernetes API too/);
    expect(JSON.stringify([finding, demoted])).not.toMatch(/etcd/);
    // In etcd it is named.
    expect(found(lockBack(), "patroni.demoted-before-promotion")?.advice).toMatch(/stalls of etcd too/);
  });
  it("is not found when the new primary keeps the lock, and the report says how long that was watched", () => {
    const healthy = hit({ action: "partition", acceptsUntilMs: 12_000 });
    const h: History = {
      ...healthy,
      phases: [...healthy.phases, { type: "phase", atMs: 72_000, phase: "final-reads" }],
    };
    expect(found(h, tookBack)).toBeUndefined();
    const measure = reportOfHit(h).measures.find(({ id }) => id === "lock-back");
    expect(measure).toMatchObject({
      value: null,
      note: "watched for 42.00 s after it; an old primary may act for 2 × ttl, 40 s",
    });
  });
  it("is not taken for one when it held the lock on, or took it before the partition was over", () => {
    expect(found(hit({ action: "partition", promoted: false }), tookBack)).toBeUndefined();
    expect(found(lockBack({ atMs: 29_000 }), tookBack)).toBeUndefined();
  });
  it("is none after a kill: a killed primary may win an election", () => {
    const h = hit({ action: "pod-kill" });
    const events = [...h.events, event(39_500, "etcd", "lock", { holder: "postgresql-0" })];
    expect(found({ ...h, events }, tookBack)).toBeUndefined();
  });
});

describe("members that differ while Patroni shows no lag", () => {
  const view = (lag: number | string): TimelineEvent =>
    event(39_900, "postgresql-2", "cluster-view", { role: "replica", state: "running", timeline: 2, lag });
  const ranges = (read: FinalRead): FinalRead["ranges"] => (read.member === "postgresql-2" ? [[1, 10]] : read.ranges);
  const differing = (lag: number | string): History => {
    const h = hit({ action: "partition" });
    return {
      ...h,
      events: [...h.events, view(lag)],
      finalReads: h.finalReads.map((read) => ({ ...read, ranges: ranges(read) })),
    };
  };
  it("are found, with what Patroni shows", () => {
    expect(found(differing(0), "patroni.divergence-with-lag-zero")?.evidence).toEqual([
      "postgresql-2: lag 0, running, timeline 2",
    ]);
  });
  it.each([16_384, "unknown"])("are not called so when Patroni shows lag %s", (lag) => {
    expect(found(differing(lag), "patroni.divergence-with-lag-zero")).toBeUndefined();
    expect(found(differing(lag), "patroni.members-diverge")).toBeDefined();
  });
  it("are none where the rows are the same", () => {
    const h = hit({ action: "partition" });
    expect(found({ ...h, events: [...h.events, view(0)] }, "patroni.divergence-with-lag-zero")).toBeUndefined();
  });
});

it.each([
  ["3.0.2", true],
  ["2.1.4", true],
  ["3.0.3", false],
  ["3.0.10", false],
  ["3.1", false],
  ["4.0.1", false],
] as const)("version %s is before 3.0.3: %s", (version, older) => expect(olderThan(version, "3.0.3")).toBe(older));
