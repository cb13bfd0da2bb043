import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expireRequests } from "../../src/run/create-service.ts";
import { compareAndSetState, findRun } from "../../src/store/runs.ts";
import { startTestDatabase, type TestDatabase } from "../support/database.ts";
import { alice, bob, carol, person, policyWith, runRig, type RunRig } from "../support/run-rig.ts";

let db: TestDatabase;
let rig: RunRig;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(async () => {
  rig = runRig(db);
  // What earlier tests left would hit primaries on the same cluster.
  await db.database.query("update runs set state = 'completed', ended_at = now() where ended_at is null");
});
const two = () => policyWith({ required: 2 });
const types = async (runId: string): Promise<string[]> => (await rig.events(runId)).map(({ type }) => type);
const stateOf = async (runId: string) => (await findRun(db.database, runId))?.state;

describe("approval by two of three", () => {
  beforeEach(() => {
    rig.world.policy = two();
  });
  it("counts each person once, and starts the run once", async () => {
    const { id } = await rig.ask();
    expect(await rig.service.approve(bob, id, "agreed")).toMatchObject({ state: "requested", approvedBy: ["U0BOB"] });
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringContaining("already") });
    expect(rig.woken).toEqual([]);
    expect(await rig.service.approve(carol, id)).toMatchObject({ state: "approved", approvedBy: ["U0BOB", "U0CAROL"] });
    expect(rig.woken).toEqual([id]);
    expect((await rig.events(id)).filter(({ type }) => type === "approved")).toMatchObject([
      { by: "U0BOB", given: 1, needed: 2, reason: "agreed" },
      { by: "U0CAROL", given: 2, needed: 2 },
    ]);
  });
  it("comes out right when both click at the same time, and whoever clicks twice", async () => {
    const { id } = await rig.ask();
    const clicks = [bob, carol, bob, carol, bob].map((who) => rig.service.approve(who, id));
    const answers = await Promise.allSettled(clicks);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect(await findRun(db.database, id)).toMatchObject({ state: "approved" });
    expect((await types(id)).filter((type) => type === "approved")).toHaveLength(2);
    expect(rig.woken).toEqual([id]);
  });
  it("does not count who has lost the right to approve between the two", async () => {
    const { id } = await rig.ask();
    await rig.service.approve(bob, id);
    rig.world.people = { U0BOB: { kind: "refused", why: "deactivated" } };
    expect((await rig.service.approve(carol, id)).state).toBe("requested");
    expect((await rig.events(id)).at(-1)).toMatchObject({ type: "approved", given: 1, needed: 2 });
  });
  it("is not enough when the policy wants three by then", async () => {
    const { id } = await rig.ask();
    await rig.service.approve(bob, id);
    rig.world.policy = policyWith({ required: 3 });
    expect((await rig.service.approve(carol, id)).state).toBe("requested");
  });
  it("stays two when the policy wants one by then: two were promised to the requester", async () => {
    const { id } = await rig.ask();
    rig.world.policy = policyWith({ required: 1 });
    expect((await rig.service.approve(bob, id)).state).toBe("requested");
  });
});

describe("who approves", () => {
  it.each([
    ["the requester", alice, /yourself/],
    ["a bystander", person("U0EVE"), /not among the approvers/],
    ["somebody of another organisation", person("U0BOB", "T2"), /Only members/],
    ["a command line", { ...bob, via: "command line" as const }, /needs a person/],
  ])("is never %s, and nothing is stored", async (_who, actor, message) => {
    const { id } = await rig.ask();
    await expect(rig.service.approve(actor, id)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringMatching(message),
    });
    expect(await findRun(db.database, id)).toMatchObject({ state: "requested", approvedBy: [] });
    expect(await types(id)).toEqual(["requested"]);
  });
  it("may be a member of a group, as the group is now; not while that is not known", async () => {
    rig.world.policy = policyWith({ approvers: { anyone: false, users: [], groups: ["S1"] } });
    const { id } = await rig.ask();
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringMatching(/guess/) });
    rig.world.groups = { S1: { known: true, members: ["U0CAROL"] } };
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringMatching(/not among/) });
    expect((await rig.service.approve(carol, id)).state).toBe("approved");
  });
  it("approves the plan that was looked at, and no other", async () => {
    const run = await rig.ask();
    await expect(rig.service.approve(bob, run.id, undefined, "0123456789ab")).rejects.toMatchObject({
      code: "not_pending",
      message: expect.stringContaining("another plan"),
    });
    await expect(rig.service.approve(bob, run.id, undefined, "")).rejects.toMatchObject({ code: "not_pending" });
    expect(await stateOf(run.id)).toBe("requested");
    expect((await rig.service.approve(bob, run.id, undefined, run.digest.slice(0, 12))).state).toBe("approved");
  });
  it("cannot approve what has expired; it becomes expired by itself", async () => {
    const { id } = await rig.ask();
    await db.database.query("update runs set expires_at = clock_timestamp() where id = $1", [id]);
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject({ message: expect.stringContaining("expired") });
    await expireRequests(db.database, [id]);
    expect(await types(id)).toEqual(["requested", "expired", "state"]);
  });
});

describe("an approval that is taken back", () => {
  it("counts no more, and can be given again", async () => {
    rig.world.policy = two();
    const { id } = await rig.ask();
    await rig.service.approve(bob, id);
    expect(await rig.service.revoke(bob, id, "wait")).toMatchObject({ state: "requested", approvedBy: [] });
    expect((await rig.service.approve(carol, id)).state).toBe("requested");
    expect((await rig.service.approve(bob, id)).state).toBe("approved");
    expect((await rig.events(id)).find(({ type }) => type === "revoked")).toMatchObject({
      by: "U0BOB",
      given: 0,
      needed: 2,
      reason: "wait",
    });
  });
  it("ends the run when it was complete and no worker has it yet", async () => {
    const { id } = await rig.ask();
    await rig.service.approve(bob, id);
    expect((await rig.service.revoke(bob, id)).state).toBe("aborted");
    expect((await rig.events(id)).at(-1)).toMatchObject({ to: "aborted", reason: expect.stringContaining("<@U0BOB>") });
  });
  it("is refused to whoever gave none, and after the start", async () => {
    const { id } = await rig.ask();
    await rig.service.approve(bob, id);
    await expect(rig.service.revoke(carol, id)).rejects.toMatchObject({
      message: expect.stringContaining("no approval"),
    });
    await compareAndSetState(db.database, { runId: id, from: "approved", to: "preflight" });
    await expect(rig.service.revoke(bob, id)).rejects.toMatchObject({ code: "not_pending" });
    expect(await stateOf(id)).toBe("preflight");
  });
  it("and a worker that takes the run at the same time: one of the two wins, never both", async () => {
    for (let time = 0; time < 10; time += 1) {
      const { id } = await rig.ask();
      await rig.service.approve(bob, id);
      const [revoked, taken] = await Promise.allSettled([
        rig.service.revoke(bob, id),
        compareAndSetState(db.database, { runId: id, from: "approved", to: "preflight" }),
      ]);
      const started = taken.status === "fulfilled" && taken.value;
      expect(started).toBe(revoked.status === "rejected");
      expect(await stateOf(id)).toBe(started ? "preflight" : "aborted");
      if (started) await compareAndSetState(db.database, { runId: id, from: "preflight", to: "aborted" });
    }
  });
});

describe("a rule that needs no approval", () => {
  it("starts the run when it is asked for, and nobody else may ask", async () => {
    rig.world.policy = policyWith({ required: 0, requesters: { anyone: false, users: ["U0ALICE"], groups: [] } });
    const run = await rig.ask();
    expect(run).toMatchObject({ state: "approved", approvedBy: [] });
    expect(rig.woken).toEqual([run.id]);
    await expect(rig.service.request(bob, { experiment: "break", parameters: {} })).rejects.toMatchObject({
      code: "not_allowed",
    });
  });
});

describe("the blast radius, when it is asked for and when it is approved", () => {
  const one = () => policyWith({ limits: { onePrimaryAtATime: true } });
  const refusedAs = (message: RegExp) => ({ code: "not_allowed", message: expect.stringMatching(message) });
  it("bounds namespace and duration", async () => {
    rig.world.policy = policyWith({ limits: { namespaces: ["here"], maxDurationMs: 20_000 } });
    await expect(rig.ask({ namespace: "there" })).rejects.toMatchObject(refusedAs(/namespace there/));
    await expect(rig.ask({ namespace: "here", duration: "21s" })).rejects.toMatchObject(refusedAs(/at most 20s/));
    const { id } = await rig.ask({ namespace: "here", duration: "20s" });
    rig.world.policy = policyWith({ limits: { maxDurationMs: 19_000 } });
    await expect(rig.service.approve(bob, id)).rejects.toMatchObject(refusedAs(/at most 19s/));
  });
  it("lets one primary be hit at a time, and replicas beside it", async () => {
    rig.world.policy = one();
    const [first, second] = [await rig.ask(), await rig.ask()];
    await rig.service.approve(bob, first.id);
    await expect(rig.service.approve(bob, second.id)).rejects.toMatchObject(refusedAs(new RegExp(`${first.id} hits`)));
    await expect(rig.ask()).rejects.toMatchObject(refusedAs(/hits a primary/));
    const beside = await rig.ask({ experiment: "dent" });
    expect((await rig.service.approve(bob, beside.id)).state).toBe("approved");
    await rig.service.abort(alice, first.id);
    expect((await rig.service.approve(bob, second.id)).state).toBe("approved");
  });
  it("lets one through when two are approved at the same time", async () => {
    rig.world.policy = one();
    const asked = [await rig.ask(), await rig.ask(), await rig.ask()];
    const answers = await Promise.allSettled(asked.map(({ id }) => rig.service.approve(bob, id)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("the explanation", () => {
  it("says the same as the decision, and records nothing", async () => {
    rig.world.policy = policyWith({
      limits: { maxDurationMs: 5000 },
      requesters: { anyone: false, users: ["U0BOB"], groups: [] },
    });
    const of = (who: typeof alice, duration: string) =>
      rig.service.explain(who, { experiment: "break", parameters: { duration } });
    expect((await of(alice, "5s")).mayAsk).toMatchObject({ message: expect.stringContaining("may ask for break") });
    expect((await of(bob, "6s")).mayAsk).toMatchObject({ message: expect.stringContaining("at most 5s") });
    const good = await of(bob, "5s");
    expect(good).toMatchObject({ mayAsk: { allowed: true }, rule: { name: "everything" }, frozen: null });
    await expect(of(bob, "5 s")).rejects.toMatchObject({ code: "bad_parameter" });
    await expect(rig.service.explain(bob, { experiment: "brake", parameters: {} })).rejects.toMatchObject({
      code: "unknown_experiment",
    });
  });
});
