import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { AftershockError } from "../../src/errors.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { Halt, HaltCluster } from "../../src/run/halt/halt.ts";
import type { HaltService, Standing } from "../../src/run/halt/service.ts";
import type { Schedule } from "../../src/run/schedules/schedule.ts";
import type { ScheduleService } from "../../src/run/schedules/service.ts";
import type { Actor, RunRow, RunService } from "../../src/run/service.ts";
import { unplanned } from "../../src/run/subject.ts";
import { parseCommandLine } from "../../src/slack/command-line.ts";
import { createDispatcher, type Dispatcher } from "../../src/slack/dispatch.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";
import { plan } from "../support/database.ts";
import { testAuthoriser, testPolicy } from "../support/policy.ts";
import { testSchedule } from "../support/schedule.ts";
import { noAlarms } from "../support/alarms.ts";
import { seen } from "../support/overview.ts";
import { noExports } from "../support/exports.ts";
import { noPast } from "../support/past.ts";

describe("the command line", () => {
  it("takes key=value, --key value and --key=value, and flags", () => {
    expect(parseCommandLine("run redis-split-brain duration=30s --rate 200 --master-name=m --dry-run")).toMatchObject({
      verb: "run",
      words: ["redis-split-brain"],
      options: { duration: "30s", rate: "200", masterName: "m" },
      flags: ["dry-run"],
    });
  });
  it("takes what phones and Macs make of quotes and dashes", () => {
    expect(parseCommandLine("abort run-1 “not now” —dry-run\u00a0x=‘a b’")).toMatchObject({
      verb: "abort",
      words: ["run-1", "not now"],
      options: { x: "a b" },
      flags: ["dry-run"],
    });
  });
  it.each([
    ["run a x=1 x=2", /x is given twice/],
    ['run "a', /quote \("\) is open/],
    ["run a --duration", /--duration has no value/],
    ["run a --dry-rnu", /--dry-rnu has no value/],
  ])("%j is refused with the reason", (text, message) => expect(() => parseCommandLine(text)).toThrow(message));
  it("of nothing is nothing", () => expect(parseCommandLine("  ")).toMatchObject({ verb: "", words: [] }));
});

describe("loading verbs", () => {
  it("finds every file in commands/", async () => {
    const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
    expect(verbs.map((verb) => verb.name)).toEqual(
      expect.arrayContaining(["help", "list", "show", "run", "status", "abort", "findings"]),
    );
  });
  it.each([
    ["a file without a verb", { "x.mjs.js": "export const nothing = 1;" }, /does not export a verb/],
    ["a verb by another name", { "y.js": 'export const verb = { name: "z" };' }, /must have one name/],
    [
      "two verbs with one name",
      { "a.js": 'export const verb = { name: "a", aliases: ["b"] };', "b.js": 'export const verb = { name: "b" };' },
      /have the verb b/,
    ],
  ])("refuses %s", async (_what, files, message) => {
    const folder = mkdtempSync(join(tmpdir(), "aftershock-test-"));
    writeFileSync(join(folder, "package.json"), '{"type":"module"}');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    try {
      await expect(loadVerbs(folder)).rejects.toThrow(message);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
const row: RunRow = {
  id: "run-1",
  experiment: plan.experiment,
  state: "requested",
  plan,
  digest: "d".repeat(64),
  requestedBy: "U0ALICE",
  teamId: "T1",
  channelId: "C1",
  approvedBy: [],
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T00:15:00.000Z",
  endedAt: null,
  abortRequestedBy: null,
};

/** A scripted double of the service: it records calls and touches nothing. The real one is tested end to end. */
function scriptedService(experiments: readonly Experiment[], calls: string[]): RunService {
  const call =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push(`${name} ${args.map((arg) => (typeof arg === "string" ? arg : "")).join(" ")}`.trim());
      return answer;
    };
  return {
    experiments: () => experiments,
    experiment: (name) => {
      const found = experiments.find((experiment) => experiment.name === name);
      if (found === undefined) throw new AftershockError("unknown_experiment", "no such", "list");
      return found;
    },
    plan: call("plan", { plan, digest: row.digest }),
    request: call("request", row),
    approve: call("approve", { ...row, state: "approved" as const }),
    deny: call("deny", { ...row, state: "denied" as const }),
    revoke: call("revoke", row),
    policy: () => testPolicy(),
    explain: (actor, { experiment }) =>
      testAuthoriser().explain({
        actor,
        subject: unplanned({ ...plan, name: experiment }, plan.cluster, actor.userId),
        primaryHitBy: null,
      }),
    abort: call("abort", { ...row, state: "aborted" as const }),
    find: call("find", row),
    recent: call("recent", [row]),
    open: call("open", [row]),
    events: call("events", []),
    artifact: call("artifact", null),
    parameterHelp: () => [{ name: "rate", default: 100, range: "1 to 2000", description: "Rate" }],
  };
}

const schedule: Schedule = { ...testSchedule, id: "schedule-3" };

/** As `scriptedService`, for schedules; the real one is tested on PostgreSQL. */
function scriptedSchedules(calls: string[]): ScheduleService {
  const call =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push(`${name} ${args.map((arg) => (typeof arg === "string" ? arg : JSON.stringify(arg))).join(" ")}`);
      return answer;
    };
  return {
    request: call("schedule", schedule),
    approve: call("approve schedule", { ...schedule, state: "active" as const }),
    deny: call("deny schedule", { ...schedule, state: "denied" as const }),
    cancel: call("cancel", { ...schedule, state: "cancelled" as const }),
    open: call("schedules", [schedule]),
  };
}

const halt: Halt = {
  id: "halt-1",
  latch: "00000000-0000-4000-8000-000000000001",
  by: "U0BOB",
  reason: "customers <see> errors",
  channelId: "C1",
  fromCluster: null,
  at: "2026-01-01T12:00:00.000Z",
  settledAt: null,
  resumedBy: null,
  resumeReason: null,
  resumedAt: null,
};
const unreachable: HaltCluster = { cluster: "staging", state: "unreachable", problem: "no answer." };

/** As `scriptedService`, for halts; the real one is tested on PostgreSQL. */
function scriptedHalts(calls: string[], standing: () => Standing | null): HaltService {
  return {
    halt: async (_actor, reason) => {
      calls.push(`halt ${reason ?? ""}`.trim());
      return { halt, heldBefore: false, stopped: 2, clusters: [unreachable] };
    },
    resume: async (_actor, reason) => {
      calls.push(`resume ${reason ?? ""}`.trim());
      return { halt, clusters: [] };
    },
    current: async () => standing(),
  };
}

describe("the verbs", () => {
  let standing: Standing | null = null;
  let dispatcher: Dispatcher;
  let calls: string[];
  beforeAll(async () => {
    calls = [];
    const experiments = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));
    const verbs = await loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url)));
    dispatcher = createDispatcher(
      verbs,
      {
        service: scriptedService(experiments, calls),
        schedules: scriptedSchedules(calls),
        alarms: noAlarms,
        past: noPast,
        exports: noExports,
        halts: scriptedHalts(calls, () => standing),
        overview: seen({
          overview: { waiting: [{ what: { kind: "run", run: row }, role: "asked", why: "You asked." }] },
          judged: [row],
        }),
      },
      "/chaos",
    );
  });
  const say = async (text: string): Promise<string> => {
    const reply = await dispatcher.command(text, alice);
    return `${reply.text}\n${JSON.stringify(reply.blocks)}`;
  };
  it.each([
    ["", /waiting for approval/],
    ["help", /\*Run\*  `run` `approve`[\s\S]*Getting|first experiment/],
    ["help run", /redis-split-brain duration=30s/],
    ["run --help", /redis-split-brain duration=30s/],
    ["list", /redis-split-brain.*high risk/],
    ["show", /Which experiment\?[\s\S]*show redis-split-brain/],
    ["approve", /Nothing waits for your approval[\s\S]*You asked for it yourself/],
    ["show redis-split-brain", /Hypothesis[\s\S]*1 to 2000/],
    ["run redis-split-brain", /Asked for run-1/],
    ["run redis-split-brain --dry-run", /Nothing was recorded/],
    ["status", /run-1/],
    ["status run-1", /waiting for approval/],
    ["abort run-1", /nothing was touched/],
    ["stop", /nothing was touched/],
    ["halt customers see errors", /halted[\s\S]*2 runs are being stopped[\s\S]*staging[\s\S]*could not be reached/],
    ["resume", /may start again/],
    ["approve run-1", /approved and starts/],
    ["deny run-1 too risky", /denied/],
    ["revoke run-1", /taken back: 0 of 1/],
    ["policy", /What no rule allows is denied[\s\S]*1\. everything[\s\S]*1 of <@U0ALICE>/],
    ["policy redis-split-brain", /You may ask for redis-split-brain now[\s\S]*You may approve it when somebody else/],
    ['schedule backup-verification "0 6 * * 0" tz=Europe/Berlin', /Asked for schedule-3/],
    ["schedules", /schedule-3[\s\S]*for 13 runs within 90 days/],
    ["unschedule 3", /schedule-3 is cancelled/],
    ["approve schedule-3", /approved and active/],
    ["deny schedule-3", /denied/],
  ])("/chaos %s", async (text, pattern) => expect(await say(text)).toMatch(pattern));
  it.each([
    ["rnu x", "bad_command", /chaos run/],
    ["run", "bad_command", /list/],
    ["run redis-split-brain duration", "bad_command", /name=value/],
    ["revoke", "not_pending", /chaos abort/],
    ["policy redis-split-brain duration", "bad_command", /name=value/],
    ["policy duration=3s", "bad_command", /chaos list/],
    ["findings", "not_pending", /status run-1/],
    ["schedule", "bad_command", /chaos schedule backup-verification "0 6/],
    ["schedule backup-verification", "bad_command", /chaos schedule backup-verification "0 6/],
    ["schedule backup-verification 0 6 * * 0 for=1h", "bad_parameter", /for=90d/],
    ["schedule backup-verification 0 6 * * 0 runs=0", "bad_parameter", /runs=13/],
    ["help nonsense-of-mine", "bad_command", /chaos help/],
    ["help nonsense", "bad_command", /help/],
  ])("/chaos %s is told what to type", async (text, code, hint) => {
    await expect(dispatcher.command(text, alice)).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) });
  });
  it.each(["", "status"])(
    "/chaos %s says that everything is halted, by whom, since when, why, and what to type",
    async (text) => {
      expect(await say(text)).not.toContain("halted");
      const runs = [{ run: "run-1", was: "active", goneAfterMs: 2140, proven: true }] as const;
      standing = { halt, clusters: [unreachable], runs: [...runs] };
      const said = await say(text);
      standing = null;
      expect(said).toMatch(/halted\* by <@U0BOB> since 12:00:00 UTC: customers &lt;see&gt; errors/);
      expect(said).toMatch(/1 run stopped, last fault gone after 2\.1 s/);
      expect(said).toMatch(/staging.*could not be reached: no answer\./);
      expect(said).toContain("/chaos resume");
    },
  );
  it("asks nothing of the service but planning in a dry run", async () => {
    calls.length = 0;
    await say("run redis-split-brain --dry-run");
    expect(calls).toEqual(["plan"]);
  });
  it("takes a pattern with and without quotes, and keeps the schedule's options from the experiment's", async () => {
    for (const pattern of ['"0 6 * * 0"', "0 6 * * 0"]) {
      calls.length = 0;
      await say(`schedule backup-verification ${pattern} tz=Europe/Berlin for=2w runs=2 rpo=12h`);
      expect(JSON.parse(calls[0]?.slice(calls[0].indexOf("{", 1 + JSON.stringify(alice).length)) ?? "")).toEqual({
        run: { experiment: "backup-verification", parameters: { rpo: "12h" } },
        pattern: "0 6 * * 0",
        timeZone: "Europe/Berlin",
        validForDays: 14,
        runsAllowed: 2,
      });
    }
  });
  it("passes clicks on schedules to them", async () => {
    calls.length = 0;
    await dispatcher.click("approve", "schedule-3", alice);
    await dispatcher.click("deny", "schedule-3", alice);
    await dispatcher.click("unschedule", "schedule-3", alice);
    expect(calls.map((call) => call.split(" {")[0])).toEqual(["approve schedule", "deny schedule", "cancel"]);
  });
  it("passes clicks on, and knows a button that does not exist", async () => {
    calls.length = 0;
    await dispatcher.click("approve", "run-1@0123456789ab", alice);
    await dispatcher.click("revoke", "run-1", alice);
    await dispatcher.click("stop", "run-1", alice);
    expect(calls).toEqual(["approve  run-1  0123456789ab", "revoke  run-1", "abort  run-1"]);
    await expect(dispatcher.click("explode", "run-1", alice)).rejects.toMatchObject({ code: "bad_command" });
  });
});
