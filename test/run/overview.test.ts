import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Directory, Standing } from "../../src/approvals/people.ts";
import { createOverviewService } from "../../src/run/overview/create-service.ts";
import type { Role } from "../../src/run/overview/overview.ts";
import type { OverviewService } from "../../src/run/overview/service.ts";
import type { Actor } from "../../src/run/service.ts";
import { startTestDatabase, insertTestRun, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { moveRun } from "../support/home-rig.ts";
import { everybody, testAuthoriser, testPolicy } from "../support/policy.ts";

const actor = (userId: string, teamId = "T1"): Actor => ({ userId, teamId, channelId: "C1" });
const [alice, bob, carol] = [actor("U0ALICE"), actor("U0BOB"), actor("U0CAROL")];

let db: TestDatabase;
let rig: DispatchRig;
/** Two must approve; Alice and Bob may. */
let overview: OverviewService;
const standings = new Map<string, Standing>();
const directory: Directory = { ...everybody, person: async (id) => standings.get(id) ?? { kind: "member" } };

beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
  const policy = () => testPolicy({ approvers: ["U0ALICE", "U0BOB"] });
  overview = createOverviewService({ database: db.database, authoriser: testAuthoriser({ policy, directory }) });
});
afterAll(() => db?.stop());

const roleOf = async (who: Actor, id: string): Promise<{ role: Role; why: string | null } | null> => {
  const { waiting } = await overview.look(who);
  const found = waiting.find(({ what }) => (what.kind === "run" ? what.run.id : what.schedule.id) === id);
  return found === undefined ? null : { role: found.role, why: found.why };
};

describe("what waits", () => {
  it("is to be decided by approvers, own for who asked, and to be watched by others, with the reason", async () => {
    const { id } = await rig.service.request(alice, { experiment: "redis-split-brain", parameters: {} });
    expect(await roleOf(bob, id)).toEqual({ role: "decide", why: null });
    expect(await roleOf(alice, id)).toMatchObject({ role: "asked", why: expect.stringContaining("yourself") });
    expect(await roleOf(carol, id)).toMatchObject({ role: "watch", why: expect.stringContaining("not among") });
    await db.database.query(
      "insert into run_decisions (run_id, user_id, decision, plan_digest) select id, 'U0BOB', 'approved', plan_digest from runs where id = $1",
      [id],
    );
    expect(await roleOf(bob, id)).toMatchObject({ role: "approved" });
    expect((await overview.look(bob)).takeBack.map((run) => run.id)).toEqual([id]);
    expect((await overview.look(carol)).takeBack).toEqual([]);
    // An approval of another plan is none of this one.
    await db.database.query(
      "insert into run_decisions (run_id, user_id, decision, plan_digest) values ($1, 'U0BOB', 'approved', 'another')",
      [id],
    );
    expect(await roleOf(bob, id)).toMatchObject({ role: "decide" });
    await rig.service.deny(alice, id);
    expect(await roleOf(bob, id)).toBeNull();
  });
  it("may not be approved while another run hits a primary on the cluster, if the rule says so", async () => {
    const { id } = await rig.service.request(alice, { experiment: "redis-split-brain", parameters: {} });
    const policy = testPolicy({ approvers: ["U0BOB"] });
    const limited = {
      ...policy,
      rules: policy.rules.map((rule) => ({ ...rule, limits: { ...rule.limits, onePrimaryAtATime: true } })),
    };
    const strict = createOverviewService({
      database: db.database,
      authoriser: testAuthoriser({ policy: () => limited }),
    });
    const roleNow = async (): Promise<Role | undefined> =>
      (await strict.look(bob)).waiting.find(({ what }) => what.kind === "run" && what.run.id === id)?.role;
    expect(await roleNow()).toBe("decide");
    const other = await insertTestRun(db.database);
    await moveRun(db.database, other, "approved");
    expect(await roleNow()).toBe("watch");
    await moveRun(db.database, other, "aborted");
    expect(await roleNow()).toBe("decide");
    await rig.service.deny(alice, id);
  });
  it("is not what has expired, though nobody has noted that yet", async () => {
    const { id } = await rig.service.request(alice, { experiment: "redis-split-brain", parameters: {} });
    expect((await overview.look(bob)).counts.waiting).toBe(1);
    await db.database.query("update runs set expires_at = clock_timestamp() - interval '1 s' where id = $1", [id]);
    expect(await roleOf(bob, id)).toBeNull();
    expect((await overview.look(bob)).counts.waiting).toBe(0);
    await rig.service.abort(alice, id);
  });
  it("holds schedules, too, and counts more than it shows, those of the channel first", async () => {
    const schedule = await rig.schedules.request(alice, {
      run: { experiment: "backup-verification", parameters: {} },
      pattern: "0 6 * * 0",
      timeZone: "UTC",
      validForDays: 90,
      runsAllowed: 13,
    });
    expect(await roleOf(bob, schedule.id)).toMatchObject({ role: "decide" });
    expect((await overview.schedules()).map(({ id }) => id)).toEqual([schedule.id]);
    for (let at = 0; at < 12; at += 1) await insertTestRun(db.database, "C2");
    const here = await insertTestRun(db.database, "C1");
    const { waiting, counts } = await overview.look(bob);
    expect(counts.waiting).toBe(14);
    expect(waiting).toHaveLength(11);
    expect(waiting[0]?.what).toMatchObject({ kind: "run", run: { id: here } });
    await rig.schedules.deny(alice, schedule.id);
    expect(await roleOf(bob, schedule.id)).toBeNull();
  });
});

describe("what runs", () => {
  it("is what was approved and has not ended, and is judged once it was", async () => {
    const id = await insertTestRun(db.database, "C7");
    const runs = async (): Promise<string[]> => (await overview.look(bob)).running.map((run) => run.id);
    expect(await runs()).not.toContain(id);
    await moveRun(db.database, id, "approved");
    expect(await runs()).toContain(id);
    expect((await overview.look(bob)).counts.running).toBe(1);
    await moveRun(db.database, id, "aborted");
    expect(await runs()).not.toContain(id);
    expect(await overview.judged("C7", 5)).toEqual([]);
    await db.database.query(
      "insert into run_events (run_id, seq, type, data) select id, last_seq + 1, 'judged', '{}' from runs where id = $1",
      [id],
    );
    expect((await overview.judged("C7", 5)).map((run) => run.id)).toEqual([id]);
  });
});

describe("who may see all channels", () => {
  it("is a member of the workspace", async () => {
    await expect(overview.admit(carol)).resolves.toBeUndefined();
  });
  it.each([
    ["somebody of another workspace", actor("U0MALLORY", "T0EVIL"), null, /Only members of this workspace/],
    ["a guest", actor("U0GUEST"), { kind: "refused", why: "guest" }, /guest/],
    ["somebody deactivated", actor("U0GONE"), { kind: "refused", why: "deactivated" }, /deactivated/],
    ["somebody of whom Slack says nothing", actor("U0FOG"), { kind: "unknown", why: "no answer" }, /could not say/],
  ] as const)("is not %s", async (_who, who, standing, message) => {
    if (standing !== null) standings.set(who.userId, standing);
    await expect(overview.admit(who)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringMatching(message),
    });
  });
  it("halts, if of the workspace, and resumes, if entitled", async () => {
    expect(await overview.look(bob)).toMatchObject({ mayHalt: null, mayResume: null });
    const { mayHalt, mayResume } = await overview.look(carol);
    expect(mayHalt).toBeNull();
    expect(mayResume).toMatch(/not among those who may resume/);
  });
});
