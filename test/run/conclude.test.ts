import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { History } from "../../src/probes/history.ts";
import { conclude } from "../../src/run/conclude.ts";
import { createJournal } from "../../src/run/journal.ts";
import { runStates, type RunState } from "../../src/run/lifecycle.ts";
import { findArtifact, saveArtifact } from "../../src/store/artifacts.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { takeLease } from "../../src/store/leases.ts";
import { compareAndSetState, findRun } from "../../src/store/runs.ts";
import { drawnChart } from "../support/drawn-chart.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { event, history, op } from "../support/history-builder.ts";
import { showsAll } from "../support/shows-all.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());

/** Walks a new run to `judging`, whose owner then concludes it with `measured`. */
async function concluded(measured: History, experiment = "redis-split-brain") {
  const { database } = db;
  const runId = await insertTestRun(database, "C1", { experiment });
  const path: RunState[] = ["requested", "approved", "preflight", "baseline", "injecting", "active", "healing"];
  for (const [at, from] of path.slice(0, -1).entries()) {
    await compareAndSetState(database, { runId, from, to: path[at + 1] ?? from });
  }
  const claim = await takeLease(database, { runId, owner: "w", states: [...runStates], leaseMs: 60_000 });
  if (claim === null) throw new Error("no lease");
  const journal = createJournal(database, { runId, fence: claim.fence, state: "healing" }, showsAll);
  await journal.move("verifying");
  await journal.move("judging");
  const run = await findRun(database, runId);
  if (run === null) throw new Error("no run");
  const log: string[] = [];
  await conclude({
    deps: {
      database,
      registry: showsAll,
      renderCharts: async () => [drawnChart()],
      log: (message) => void log.push(message),
    },
    run,
    journal,
    guards: [],
    ending: { outcome: "completed", reason: null },
    history: measured,
    proofs: [{ type: "healing-proof", what: "gone", ok: true, detail: "deleted" }],
  });
  const events = await eventsAfter(database, runId, 0);
  const judged = events.findLast(({ type }) => type === "judged");
  return { runId, state: (await findRun(database, runId))?.state, judged, events, log };
}

const sound = (): History => history({ operations: [op({ seq: 1, at: 10 })], events: [event(5, "run", "noted")] });

describe("the end of a run", () => {
  it("notes where the audit trail stands, in the report and in its last word", async () => {
    const { runId, judged, events } = await concluded(sound());
    const heads = await db.database.query<{ seq: string; hash: string }>("select seq, hash from audit_log");
    const hashOf = (entry: number) => heads.rows.find(({ seq }) => Number(seq) === entry)?.hash;
    if (judged?.type !== "judged") throw new Error("not judged");
    const { auditHead } = judged.report.run;
    expect(auditHead).toEqual({ entry: auditHead?.entry, hash: hashOf(auditHead?.entry ?? 0) });
    const noted = events.at(-2);
    if (noted?.type !== "audit-head") throw new Error(`not noted but ${noted?.type}`);
    expect(noted.hash).toBe(hashOf(noted.entry));
    expect(noted.entry).toBeGreaterThan(auditHead?.entry ?? Number.POSITIVE_INFINITY);
    expect((await findArtifact(db.database, runId, "report.md"))?.bytes.toString()).toContain(auditHead?.hash);
  });
  it("is as it went, with the report and its files", async () => {
    const { state, judged, log } = await concluded(sound());
    expect(state).toBe("completed");
    expect(judged).toMatchObject({
      artifacts: ["chart.png", "report.md", "report.html", "report.json", "history.jsonl", "chart-dark.svg"],
      charts: [{ file: "chart.png", alt: "Nothing was lost." }],
    });
    expect(log).toEqual(["audit trail"]);
  });
  it("compares it with the last run of the same experiment there, and with no other", async () => {
    const first = await concluded(sound(), "run-twice");
    expect(first.judged).toMatchObject({ report: { comparison: null } });
    await concluded(sound(), "another");
    const second = await concluded(sound(), "run-twice");
    expect(second.judged).toMatchObject({ report: { comparison: { run: first.runId, parameters: [] } } });
    const text = (await findArtifact(db.database, second.runId, "report.md"))?.bytes.toString("utf8");
    expect(text).toContain(`## Compared with ${first.runId}`);
  });
  it("compares it with none when the last report has another form, and says so in the log", async () => {
    const first = await concluded(sound(), "run-by-an-old-version");
    const old = Buffer.from(JSON.stringify({ schemaVersion: 1 }));
    await saveArtifact(db.database, first.runId, { name: "report.json", contentType: "application/json", bytes: old });
    const second = await concluded(sound(), "run-by-an-old-version");
    expect(second.judged).toMatchObject({ report: { comparison: null } });
    expect(second.state).toBe("completed");
    expect(second.log).toEqual([
      "the last run's report has another form, so this run is not compared with it",
      "audit trail",
    ]);
  });
  it("is failed, with the reason and the history kept, when the report cannot be made", async () => {
    // Test double of a fault in a judge: the first look at the settings, which is the report's, fails.
    const { settings, ...rest } = sound();
    let looks = 0;
    const unreadable: History = {
      ...rest,
      get settings() {
        looks += 1;
        if (looks === 1) throw new Error("a rule met what it did not expect");
        return settings;
      },
    };
    const { state, judged, events, log } = await concluded(unreadable);
    expect(state).toBe("failed");
    expect(judged).toMatchObject({
      report: { verdicts: { run: "failed", hypothesis: "inconclusive", cleanup: "verified" } },
      artifacts: expect.arrayContaining(["history.jsonl"]),
    });
    expect(events.map(({ type }) => type)).toContain("problem");
    expect(log).toContain("the report could not be made");
  });
});
