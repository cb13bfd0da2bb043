import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import { reportMarkdown } from "../../src/findings/markdown.ts";
import { reportSchema } from "../../src/findings/report.ts";
import { createJournal } from "../../src/run/journal.ts";
import { longestNote, notesForReport } from "../../src/run/note.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { mostLetters } from "../../src/slack/views/note-form.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { compareAndSetState } from "../../src/store/runs.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { splitBrain } from "../support/history-builder.ts";
import { alice, bob, person, runRig, type RunRig } from "../support/run-rig.ts";
import { showsAll } from "../support/shows-all.ts";

let db: TestDatabase;
let rig: RunRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = runRig(db);
});
afterAll(() => db?.stop());

const texts = async (runId: string): Promise<string[]> =>
  (await rig.events(runId)).flatMap((event) => (event.type === "note" ? [`${event.by}: ${event.text}`] : []));

describe("a note", () => {
  it("is an event with its person, in the order of writing", async () => {
    const { id } = await rig.ask();
    await rig.service.note(alice, id, "  the first \n of two ");
    await rig.service.note(bob, id.replace("run-", ""), "the second");
    expect(await texts(id)).toEqual(["U0ALICE: the first \n of two", "U0BOB: the second"]);
  });

  it("is kept without what looks like a secret", async () => {
    const { id } = await rig.ask();
    await rig.service.note(alice, id, "it printed postgres://app:hunter2@db/app");
    expect((await texts(id)).join()).not.toContain("hunter2");
  });

  it("is refused when it says nothing or too much, and there nothing is kept", async () => {
    const { id } = await rig.ask();
    for (const text of ["", " \n ", "x".repeat(longestNote + 1)]) {
      await expect(rig.service.note(bob, id, text)).rejects.toMatchObject({ code: "bad_command" });
    }
    await expect(rig.service.note(bob, "run-999999", "x")).rejects.toMatchObject({ code: "unknown_run" });
    expect(await texts(id)).toEqual([]);
    await rig.service.note(bob, id, "x".repeat(longestNote));
    expect(await texts(id)).toHaveLength(1);
  });

  it("is refused to other organisations and on the command line", async () => {
    const { id } = await rig.ask();
    await expect(rig.service.note(person("U0EVE", "T2"), id, "x")).rejects.toMatchObject({ code: "not_allowed" });
    await expect(rig.service.note({ ...bob, via: "command line" }, id, "x")).rejects.toMatchObject({
      code: "not_allowed",
    });
    expect(await texts(id)).toEqual([]);
  });

  it("is refused when the run has a hundred", async () => {
    const { id } = await rig.ask();
    for (let at = 0; at < 100; at += 1) await rig.service.note(bob, id, `${at}`);
    await expect(rig.service.note(bob, id, "one more")).rejects.toMatchObject({
      message: expect.stringContaining("100 notes"),
    });
  });

  it("and what the run's conductor writes at the same time are numbered without a gap", async () => {
    const { id } = await rig.ask();
    await db.database.query(
      "update runs set lease_owner = 'w', lease_fence = 1, lease_until = clock_timestamp() + interval '1 minute' where id = $1",
      [id],
    );
    await compareAndSetState(db.database, { runId: id, from: "requested", to: "approved" });
    const journal = createJournal(db.database, { runId: id, fence: 1, state: "approved" }, showsAll);
    await Promise.all(
      Array.from({ length: 30 }, (_u, at) =>
        at % 2 === 0
          ? rig.service.note(bob, id, `${at}`)
          : journal.say({ type: "problem", code: "c", message: `${at}`, hint: "h" }),
      ),
    );
    const events = await rig.events(id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, at) => at + 1));
    expect(events.filter(({ type }) => type === "note")).toHaveLength(15);
    expect(events.filter(({ type }) => type === "problem")).toHaveLength(15);
  });

  it("is taken after the end, too", async () => {
    const { id } = await rig.ask();
    await rig.service.deny(bob, id);
    await rig.service.note(alice, id, "the release is on Monday");
    expect(await texts(id)).toHaveLength(1);
  });

  it("stands in the thread with its person and every mark of it harmless", async () => {
    const run = await rig.ask();
    await rig.service.note(bob, run.id, "down since <!channel>\n:white_check_mark: *verified* `x`");
    const said = narrate(run, await rig.events(run.id)).find(({ payload }) =>
      JSON.stringify(payload).includes(":memo:"),
    );
    expect(said?.inThread).toBe(true);
    const words = JSON.stringify(said?.payload);
    expect(words).toContain("<@U0BOB>");
    expect(words).toContain("&gt; :white_check_mark:".replace("&gt;", ">"));
    expect(words).not.toContain("<!channel>");
  });
});

describe("notes in the report", () => {
  const base: Omit<ReportInput, "history"> = {
    run: {
      id: "run-1",
      experiment: "e",
      title: "t",
      hypothesis: "h",
      state: "completed",
      system: "redis-sentinel",
      cluster: "c",
      namespace: "n",
      parameters: {},
      requestedBy: "U0ALICE",
      approvedBy: [],
      planDigest: "d",
      startedAt: "2026-01-01T00:00:00.000Z",
      endedAt: "2026-01-01T00:00:00.000Z",
    },
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  };
  const at = "2026-01-01T00:00:04.000Z";

  it("count from the beginning of the baseline, by PostgreSQL's clock", async () => {
    const { id } = await rig.ask();
    await rig.service.note(bob, id, "before");
    expect((await notesForReport(db.database, id))[0]).toMatchObject({ by: "U0BOB", text: "before", atMs: null });
    await db.database.query("update runs set state = 'preflight' where id = $1", [id]);
    await db.database.query(
      `with n as (update runs set last_seq = last_seq + 1, state = 'baseline' where id = $1 returning last_seq)
       insert into run_events (run_id, seq, type, data)
       select $1, last_seq, 'state', '{"from":"preflight","to":"baseline","reason":null,"atMs":0}' from n`,
      [id],
    );
    await rig.service.note(bob, id, "after");
    const [before, after] = await notesForReport(db.database, id);
    expect(before?.atMs).toBeLessThanOrEqual(0);
    expect(after?.atMs).toBeGreaterThanOrEqual(0);
    const events = await eventsAfter(db.database, id, 0);
    const began = events.find((event) => event.type === "state" && event.to === "baseline");
    const noted = events.findLast((event) => event.type === "note");
    expect(after?.atMs).toBe(Date.parse(noted?.at ?? "") - Date.parse(began?.at ?? ""));
  });

  it("stand in its timeline and by themselves, as they were written and harmless", () => {
    const notes = [{ at, atMs: 4000, by: "U0BOB", text: "<b>a|b</b> [x](http://evil)\nsecond line" }];
    const report = buildReport({ ...base, history: splitBrain(), notes });
    expect(reportSchema.parse(report).notes).toEqual(notes);
    expect(report.timeline).toContainEqual({
      atMs: 4000,
      source: "U0BOB",
      event: "note",
      detail: { text: notes[0]?.text },
    });
    expect(report.timeline.map(({ atMs }) => atMs)).toEqual(
      report.timeline.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
    const markdown = reportMarkdown(report);
    const shown = String.raw`&lt;b&gt;a\|b&lt;/b&gt; \[x\](http://evil) second line`;
    expect(markdown).toContain(`## What people saw`);
    expect(markdown).toContain(`| ${at} | 4.00 | U0BOB | ${shown} |`);
    expect(markdown).toContain(`| 4.00 | U0BOB | note | ${shown} |`);
  });

  it("are there without a history, and nothing is there without notes", () => {
    const notes = [{ at, atMs: null, by: "U0BOB", text: "it never began" }];
    expect(reportMarkdown(buildReport({ ...base, history: null, notes }))).toContain("it never began");
    const none = buildReport({ ...base, history: null });
    expect(none).not.toHaveProperty("notes");
    expect(reportMarkdown(none)).not.toContain("What people saw");
  });
});

it("the form takes as much as a note may hold", () => expect(mostLetters).toBe(longestNote));
