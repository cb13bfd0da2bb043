import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  requireApproved,
  requireInjectable,
  requireSamePlan,
  requireSameTargets,
} from "../../src/run/approval-check.ts";
import { createJournal } from "../../src/run/journal.ts";
import { storeIntents } from "../../src/run/inject.ts";
import { takeOwnership } from "../../src/run/ownership.ts";
import { findRun, type StoredRun } from "../../src/store/runs.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { alice, bob, policyWith, runRig, type RunRig } from "../support/run-rig.ts";
import { showsAll } from "../support/shows-all.ts";

let db: TestDatabase;
let rig: RunRig;
const never = new AbortController().signal;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(() => {
  rig = runRig(db);
});

const stored = async (runId: string): Promise<StoredRun> => {
  const run = await findRun(db.database, runId);
  if (run === null) throw new Error(`no ${runId}`);
  return run;
};
const approved = async (options = {}): Promise<StoredRun> => {
  const { id } = await rig.ask(options);
  await rig.service.approve(bob, id);
  return stored(id);
};
const voidWith = (message: RegExp) => ({ code: "approval_void", message: expect.stringMatching(message) });

describe("at the start", () => {
  const check = (run: StoredRun): Promise<void> =>
    requireApproved({ database: db.database, authoriser: rig.authoriser }, run, never, { times: 3, everyMs: 50 });
  it("an approval that counts holds", async () => await check(await approved()));
  it("one by somebody who is no approver any more is void", async () => {
    const run = await approved();
    rig.world.policy = policyWith({ approvers: { anyone: false, users: ["U0CAROL"], groups: [] } });
    await expect(check(run)).rejects.toMatchObject(voidWith(/<@U0BOB> is no longer an approver/));
  });
  it("one by somebody who was deactivated since is void", async () => {
    const run = await approved();
    rig.world.people = { U0BOB: { kind: "refused", why: "deactivated" } };
    await expect(check(run)).rejects.toMatchObject(voidWith(/<@U0BOB> is deactivated/));
  });
  it("one is too few when the policy wants two by now", async () => {
    const run = await approved();
    rig.world.policy = policyWith({ required: 2 });
    await expect(check(run)).rejects.toMatchObject(voidWith(/needs 2 approvals/));
  });
  it("one is void when a freeze has begun", async () => {
    const run = await approved();
    const { match } = rig.world.policy.rules[0]!;
    const days = [1, 2, 3, 4, 5, 6, 7];
    const always = { kind: "weekly", timeZone: "UTC", days, fromMinute: 0, untilMinute: 1440 } as const;
    rig.world.policy = { ...rig.world.policy, freezes: [{ name: "all", match, window: always }] };
    await expect(check(run)).rejects.toMatchObject(voidWith(/frozen \(all\)/));
  });
  it("one that was given longer ago than it holds is void", async () => {
    const run = await approved();
    rig.world.now = () => new Date(Date.now() + 901_000);
    await expect(check(run)).rejects.toMatchObject(voidWith(/too long ago/));
  });
  it("one of a plan that is not what its digest says is void", async () => {
    const run = await approved();
    const other = { ...run, plan: { ...run.plan, namespace: "production" } };
    await expect(check(other)).rejects.toMatchObject(voidWith(/not the one of that digest/));
  });
  it("waits a little for Slack, and takes no answer for no", async () => {
    const run = await approved();
    const unknown = { kind: "unknown", why: "no answer from Slack" } as const;
    let asked = 0;
    rig.world.people = Object.defineProperty({}, "U0BOB", {
      get: () => ((asked += 1) === 1 ? unknown : { kind: "member" }),
    }) as RunRig["world"]["people"];
    await check(run);
    expect(asked).toBe(2);
    rig.world.people = { U0BOB: unknown };
    await expect(check(run)).rejects.toMatchObject(voidWith(/could not be looked up.*no answer from Slack/));
  });
});

describe("before the baseline, and before the injection", () => {
  const tools = (run: StoredRun) => {
    const experiment = rig.world.experiments.find(({ name }) => name === run.experiment);
    if (experiment === undefined) throw new Error("no experiment");
    const { session, cluster } = rig;
    return { run, experiment, session, cluster, signal: never };
  };
  it("the same plan and targets hold", async () => {
    const run = await approved();
    await requireSamePlan(rig.registry, tools(run));
    await requireSameTargets(tools(run));
  });
  it("other targets make it void, with both named", async () => {
    const run = await approved();
    rig.world.master = "pod-1";
    const moved = voidWith(/It was for pod-0, but the target is pod-1 now/);
    await expect(requireSamePlan(rig.registry, tools(run))).rejects.toMatchObject(moved);
    await expect(requireSameTargets(tools(run))).rejects.toMatchObject(moved);
  });
  it.each([
    ["another hypothesis", { hypothesis: "It breaks." }, /has changed since/],
    ["a new guard", { guards: [{ id: "new", title: "New", bounds: {} }] }, /has changed since/],
    ["a parameter fewer", { parameters: {} }, /no parameter|not a parameter|does not take|has no/i],
  ])("an experiment with %s makes it void", async (_what, change, message) => {
    const run = await approved();
    rig.world.experiments = rig.world.experiments.map((experiment) => ({ ...experiment, ...change }));
    await expect(requireSamePlan(rig.registry, tools(run))).rejects.toMatchObject(voidWith(message));
  });
});

describe("in the transaction of the injection", () => {
  const owned = async (run: StoredRun) => {
    const lease = { owner: "w", leaseMs: 60_000, onError: () => undefined };
    const ownership = await takeOwnership(db.database, run.id, ["approved"], lease);
    if (ownership === null) throw new Error("not owned");
    const journal = createJournal(db.database, ownership, showsAll);
    await journal.move("preflight");
    await journal.move("baseline");
    const inject = () =>
      storeIntents(journal, run.id, {
        intents: [],
        atMs: 0,
        require: (client) => requireInjectable(client, rig.authoriser, run),
      });
    return { run, ownership, inject };
  };
  it("one primary is hit at a time, also when two runs get there together", async () => {
    const walks = await Promise.all([owned(await approved()), owned(await approved()), owned(await approved())]);
    rig.world.policy = policyWith({ limits: { onePrimaryAtATime: true } });
    const answers = await Promise.allSettled(walks.map(({ inject }) => inject()));
    const states = await Promise.all(walks.map(async ({ run }) => (await stored(run.id)).state));
    expect(states.toSorted()).toEqual(["baseline", "baseline", "injecting"]);
    for (const answer of answers.filter(({ status }) => status === "rejected")) {
      expect(answer).toMatchObject({ reason: voidWith(/hits a primary on lab/) });
    }
    for (const { ownership } of walks) ownership.release();
  });
  it("a replica may be hit beside it, and a run in its baseline hits nothing yet", async () => {
    const [waits, hits] = [await owned(await approved()), await owned(await approved({ experiment: "dent" }))];
    rig.world.policy = policyWith({ limits: { onePrimaryAtATime: true } });
    await db.database.query("update runs set state = 'completed', ended_at = now() where id <> all($1)", [
      [waits.run.id, hits.run.id],
    ]);
    await hits.inject();
    await waits.inject();
    for (const { ownership } of [waits, hits]) ownership.release();
  });
  it("what the policy has forbidden since is not injected", async () => {
    const walk = await owned(await approved());
    rig.world.policy = { ...rig.world.policy, rules: [] };
    await expect(walk.inject()).rejects.toMatchObject(voidWith(/No rule of the policy allows/));
    expect((await rig.events(walk.run.id)).some(({ type }) => type === "fault-intended")).toBe(false);
    expect((await stored(walk.run.id)).state).toBe("baseline");
    walk.ownership.release();
    await rig.service.abort(alice, walk.run.id);
  });
});
