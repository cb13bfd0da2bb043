import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meantId } from "../../src/run/near-ids.ts";
import type { Actor } from "../../src/run/service.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";

const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
  for (let at = 0; at < 12; at += 1) await insertTestRun(db.database);
  await rig.dispatcher.command('schedule backup-verification "0 6 * * 0"', alice);
});
afterAll(() => db?.stop());

describe("what was mistyped is told what was meant", () => {
  it.each([
    ["a command", "aprove run-1", "Did you mean /chaos approve?"],
    ["an alias", "reprot run-1", "Did you mean /chaos report?"],
    ["an experiment for a command", "redis-split-brain", "Did you mean /chaos run redis-split-brain?"],
    ["a mistyped experiment for a command", "redis-splitbrain", "Did you mean /chaos run redis-split-brain?"],
    ["an act of alarms", "alarms akc run-1", "Did you mean /chaos alarms ack run-1?"],
    ["an experiment", "run redis-splitbrain", "Did you mean redis-split-brain?"],
    ["an experiment to show", "show patroni-failovr", "Did you mean patroni-failover?"],
    ["an experiment to schedule", 'schedule backup-verificaton "0 6 * * 0"', "backup-verification?"],
    ["a parameter", "run redis-split-brain durration=30s", "Did you mean duration=?"],
    ["a parameter of the policy's question", "policy redis-split-brain rat=3", "Did you mean rate=?"],
    ["an option of ours", "run redis-split-brain cluser=lab", "Did you mean cluster=?"],
    ["an option of a schedule", 'schedule backup-verification "0 6 * * 0" runz=3', "Did you mean runs=?"],
    ["a flag", "run redis-split-brain --dry-rnu", "Did you mean --dry-run?"],
    ["a flag that took the next word", "run redis-split-brain --dryrun 3", "Did you mean --dry-run?"],
    ["an option of a command that takes none", "status --dry-run", "It is written: /chaos status [RUN]"],
    ["a flag of a command that takes another", "alarms restart run-1 redis-0 --yess", "Did you mean --yes?"],
    ["a cluster", "run redis-split-brain cluster=lba --dry-run", "Did you mean cluster=lab?"],
    ["a profile", "run redis-split-brain profile=dmeo --dry-run", "Did you mean profile=demo?"],
    ["a time zone", 'schedule backup-verification "0 6 * * 0" tz=Europe/Berln', "Did you mean tz=Europe/Berlin?"],
    ["a run's word", "status rnu-7", "Did you mean run-7?"],
    ["a run's number", "status 21", "Did you mean run-12?"],
    ["a run with a letter too many", "abort runn-3", "Did you mean run-3?"],
    ["a schedule to see", "schedules shcedule-1", "Did you mean schedule-1?"],
    ["a schedule", "unschedule shedule-1", "Did you mean schedule-1?"],
    ["a topic", "help aprovals", "Did you mean /chaos help approvals?"],
    ["a topic of two words", "help geting started", "Did you mean /chaos help getting-started?"],
  ])("%s: %s", async (_what, text, hint) => {
    await expect(rig.dispatcher.command(text, alice)).rejects.toMatchObject({
      hint: expect.stringContaining(hint),
    });
  });
  it.each([["a choice", /Did you mean \w+=[\w-]+\?/]])("%s", async (_what, hint) => {
    const wanted = rig.experiments.flatMap(({ name, parameters }) =>
      Object.entries(parameters).flatMap(([parameter, definition]) =>
        definition.type === "choice" && (definition.choices[0]?.length ?? 0) > 3
          ? [`run ${name} ${parameter}=${definition.choices[0]}x`]
          : [],
      ),
    )[0];
    await expect(rig.dispatcher.command(wanted ?? "", alice)).rejects.toMatchObject({
      hint: expect.stringMatching(hint),
    });
  });
  it.each([
    ["a command that is like none", "xyzzy"],
    ["an experiment that is like none", "run xyzzy-plugh"],
    ["a parameter that is like none", "run redis-split-brain qqqqqq=1"],
    ["a cluster that is like none", "run redis-split-brain cluster=production --dry-run"],
    ["a run that is like none", "status 999"],
    ["a schedule that is like none", "unschedule 999"],
    ["a topic that is like none", "help xyzzy"],
  ])("and nothing is guessed of %s", async (_what, text) => {
    await expect(rig.dispatcher.command(text, alice)).rejects.toMatchObject({
      hint: expect.not.stringContaining("Did you mean"),
    });
  });
});

describe("an id that was meant", () => {
  it.each([
    ["rnu-12", "run-12"],
    ["run12", "run-12"],
    ["run-021", null],
    ["run-012", "run-12"],
    ["run-21", "run-12"],
    ["run-13", null],
    ["run-122", "run-12"],
    ["gibberish", null],
  ])("by %s is %s", (typed, meant) => expect(meantId(typed, ["run-12", "run-7"])).toBe(meant));
});
