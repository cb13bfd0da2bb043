import { describe, expect, it } from "vitest";
import { buildReport } from "../../src/findings/build-report.ts";
import { inCnpgWords } from "../../src/findings/cloudnative-pg/io-words.ts";
import { managedByCnpg } from "../../src/findings/cloudnative-pg/manager.ts";
import type { Finding, Report } from "../../src/findings/report.ts";
import type { History } from "../../src/probes/history.ts";
import { event, op } from "../support/history-builder.ts";
import { hit, reportOfHit, type Fault } from "../support/hit-primary.ts";

/** A primary of CloudNativePG that was killed: without a lock, and with the settings that its probes read. */
function kill(change: Omit<Partial<Fault>, "action"> = {}): History {
  const h = hit({ action: "pod-kill", ...change });
  const setting = (name: string, value: string) => ({ type: "setting", member: "postgresql-0", name, value }) as const;
  return {
    ...h,
    header: { ...h.header, system: "cloudnative-pg" },
    events: [
      ...h.events.filter(({ event: name }) => name !== "lock"),
      event(26_000, "cluster", "endpoint", { pods: "postgresql-1" }),
    ],
    settings: [setting("manager", "cloudnative-pg"), setting("synchronous_standby_names", "")],
  };
}
function report(h: History, maxOutage = "30s"): Report {
  const { run } = reportOfHit(h, maxOutage);
  return buildReport({
    history: h,
    run: {
      ...run,
      parameters: { maxOutage },
      system: "cloudnative-pg",
      experiment: "cnpg-failover",
      state: "completed",
    },
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  });
}
const ids = (h: History): string[] => report(h).findings.map(({ id }) => id);
const found = (h: History, id: string) => report(h).findings.find((finding) => finding.id === id);
const measure = (h: History, id: string) => report(h).measures.find((entry) => entry.id === id);
/** All that a person reads of it. */
const textOf = ({ because, findings, measures }: Report): string => JSON.stringify([because, findings, measures]);

const failingRead = (h: History): History => ({
  ...h,
  operations: h.operations.map((entry) =>
    entry.kind === "read" && entry.seq === 2000
      ? { ...entry, outcome: "fail" as const, error: "connection-lost" }
      : entry,
  ),
});
const diverging = (h: History): History => ({
  ...h,
  finalReads: h.finalReads.map((read) =>
    read.member === "postgresql-2" ? { ...read, ranges: [[1, 10]] as Array<[number, number]> } : read,
  ),
});
const losing = (h: History): History => ({
  ...h,
  finalReads: h.finalReads.map((read) => ({ ...read, ranges: [[101, 10_000]] as Array<[number, number]> })),
});
const twice = (h: History): History => ({
  ...h,
  operations: [
    ...h.operations,
    ...Array.from({ length: 2600 }, (_unused, index) =>
      op({ client: "follower", seq: 10_001 + index, at: (index + 1) * 10, member: "postgresql-0" }),
    ),
  ],
});
const unanswered = (h: History): History => ({
  ...h,
  operations: h.operations.map((entry) =>
    entry.kind === "write" && entry.seq === 300 ? { ...entry, outcome: "unknown" as const, error: "timeout" } : entry,
  ),
});

describe("a killed primary of CloudNativePG", () => {
  it("holds when a replica takes over in time, nothing is lost, and it returns", () => {
    const { verdicts, because } = report(kill());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(ids(kill()).toSorted()).toEqual(["cnpg.failover-time", "cnpg.nothing-lost"]);
    expect(found(kill(), "cnpg.failover-time")?.evidence[0]).toBe(
      "a replica received no WAL any more after 0.25 s; postgresql-1 said it was primary after 20.00 s; the services' label was on it after 21.00 s",
    );
  });
  it.each<[string, History, RegExp]>([
    ["writes come back late", kill(), /after 20\.00 s, later than 10\.00 s/],
    ["nobody is promoted", kill({ promoted: false }), /^Nobody else was promoted/],
    ["the old primary stays away", kill({ rejoins: false }), /did not return as a replica/],
    ["a write is lost", losing(kill()), /acknowledged writes were lost/],
  ])("is refuted when %s", (_what, h, because) => {
    expect(report(h, "10s").verdicts.hypothesis).toBe("refuted");
    expect(report(h, "10s").because).toMatch(because);
  });
  it.each<[string, History]>([
    ["cnpg.lost-acknowledged-writes", losing(kill())],
    ["cnpg.two-primaries-accepted-writes", twice(kill())],
    ["cnpg.members-diverge", diverging(kill())],
    ["cnpg.no-failover", kill({ promoted: false })],
    ["cnpg.old-primary-not-back", kill({ rejoins: false })],
    ["cnpg.replica-reads-failed", failingRead(kill())],
    ["cnpg.unknown-outcomes", unanswered(kill())],
  ])("makes %s, and none of it where all went well", (id, h) => {
    expect(ids(h)).toContain(id);
    expect(ids(kill())).not.toContain(id);
    // A control: of Patroni the same text would name it.
    expect(textOf(report(h))).not.toMatch(/patroni|\block\b|synchronous_mode|\bttl\b|etcd/i);
  });
  it("ties a loss to the setting by which a commit waits for replicas", () => {
    expect(found(losing(kill()), "cnpg.lost-acknowledged-writes")?.setting).toMatchObject({
      name: "synchronous_standby_names",
      value: "(empty)",
      recommended: expect.stringContaining(".spec.postgresql.synchronous"),
    });
  });
  it("has no figures of a lock, and says by which timeout a silent cut would be seen", () => {
    for (const id of ["lock-expired", "lock-taken", "lock-back"]) expect(measure(kill(), id), id).toBeUndefined();
    expect(measure(kill(), "promoted")?.value).toBe(20_000);
    const h = kill();
    const blind = { ...h, events: h.events.filter(({ event: name }) => name !== "wal-receiver") };
    expect(measure(blind, "leader-loss-seen")).toMatchObject({ value: null, note: expect.stringContaining("5 s") });
  });
  it("is told apart from Patroni by the setting that its probes write", () => {
    expect(managedByCnpg(kill())).toBe(true);
    expect(managedByCnpg(hit({ action: "pod-kill" }))).toBe(false);
  });
});

it("a finding of a faulty volume keeps what is true anywhere, and leaves out a setting of Patroni's", () => {
  const finding: Finding = {
    id: "postgres-io.replication-lag",
    severity: "info",
    title: "t",
    evidence: [],
    advice: "a",
  };
  const setting = { value: "1", member: "m", recommended: "r", source: "s" };
  expect(inCnpgWords({ ...finding, setting: { name: "ttl", ...setting } })).toEqual(finding);
  const checksums = { ...finding, setting: { name: "data_checksums", ...setting } };
  expect(inCnpgWords(checksums)).toEqual(checksums);
});
