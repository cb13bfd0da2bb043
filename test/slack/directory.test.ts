import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createDirectory } from "../../src/slack/directory.ts";
import { workspace } from "../../src/embedded/local-slack.ts";
import type { Directory } from "../../src/approvals/people.ts";
import { startGateRig, type GateRig } from "../support/gate-rig.ts";

let rig: GateRig;
let clock = 0;
beforeAll(async () => {
  rig = await startGateRig();
});
afterAll(() => rig?.stop());
afterEach(() => {
  rig.gate.people.reset();
  rig.gate.behave();
});
const directory = (): Directory =>
  createDirectory({ token: workspace.bot.token, slackApiUrl: rig.gate.apiUrl, now: () => clock });
const asked = (method: string): number => rig.gate.calls.filter((call) => call.method === method).length;

describe("a person, by Slack's word", () => {
  it("is a member", async () => expect(await directory().person("U0BOB")).toEqual({ kind: "member" }));
  it.each([
    [{ deleted: true }, "deactivated"],
    [{ is_restricted: true }, "guest"],
    [{ is_ultra_restricted: true }, "guest"],
    [{ is_stranger: true }, "outsider"],
    [{ team_id: "T0OTHER" }, "outsider"],
    [{ is_bot: true }, "bot"],
  ])("of whom it says %j is refused as %s", async (change, why) => {
    rig.gate.people.setUser("U0BOB", change);
    expect(await directory().person("U0BOB")).toEqual({ kind: "refused", why });
  });
  it("whom nobody knows is refused", async () =>
    expect(await directory().person("U0NOBODY")).toEqual({ kind: "refused", why: "nobody" }));
  it("is unknown when Slack leaves out what matters", async () => {
    const { people } = rig.gate;
    people.setUser("U0BOB", { team_id: undefined } as never);
    expect(await directory().person("U0BOB")).toMatchObject({ kind: "unknown" });
  });
});

describe("a user group", () => {
  it("has the members of now", async () => {
    rig.gate.people.setGroup({ id: "S1", handle: "dba", users: ["U0BOB"] });
    const ours = directory();
    expect(await ours.groupMembers("S1")).toEqual({ known: true, members: ["U0BOB"] });
    rig.gate.people.setGroup({ id: "S1", handle: "dba", users: ["U0CAROL"] });
    // Kept for half a minute, no longer.
    clock += 29_999;
    expect(await ours.groupMembers("S1")).toMatchObject({ members: ["U0BOB"] });
    clock += 1;
    expect(await ours.groupMembers("S1")).toMatchObject({ members: ["U0CAROL"] });
  });
  it("that is disabled, or not there, has no known members", async () => {
    rig.gate.people.setGroup({ id: "S2", handle: "old", users: ["U0BOB"], disabled: true });
    expect(await directory().groupMembers("S2")).toEqual({ known: false, why: "no_such_subteam" });
  });
});

describe("when Slack does not answer", () => {
  it("asks once more, and then knows nothing, and keeps nothing of it", async () => {
    const ours = directory();
    rig.gate.people.setGroup({ id: "S3", handle: "dba", users: ["U0BOB"] });
    rig.gate.misbehave({ method: "usergroups.users.list", verdict: "lose-answer" });
    rig.gate.misbehave({ method: "usergroups.users.list", verdict: "lose-answer" });
    expect(await ours.groupMembers("S3")).toEqual({ known: false, why: "no answer from Slack" });
    expect(await ours.groupMembers("S3")).toEqual({ known: true, members: ["U0BOB"] });
  });
  it("takes the second answer when only the first was lost", async () => {
    rig.gate.misbehave({ method: "users.info", verdict: "lose-answer" });
    expect(await directory().person("U0BOB")).toEqual({ kind: "member" });
  });
  it("asks once for several who ask at the same time", async () => {
    const ours = directory();
    const before = asked("users.info");
    await Promise.all(Array.from({ length: 10 }, () => ours.person("U0CAROL")));
    expect(asked("users.info") - before).toBe(1);
  });
});

describe("when Slack refuses", () => {
  it.each([
    [{ error: "missing_scope" }, "missing_scope"],
    [{ error: "plan_upgrade_required" }, "plan_upgrade_required"],
    [{ retryAfterS: 7 }, "asked too often, wait 7 s"],
    [{ status: 500 }, "no answer from Slack"],
  ])("with %j nobody is known, and the reason is Slack's own word", async (verdict, why) => {
    rig.gate.people.setGroup({ id: "S1", handle: "dba", users: ["U0BOB"] });
    rig.gate.misbehave({ method: /^(users\.info|usergroups\.users\.list)$/, verdict, times: 4 });
    expect(await directory().groupMembers("S1")).toEqual({ known: false, why });
    expect(await directory().person("U0BOB")).toEqual({ kind: "unknown", why });
    expect(await directory().person("U0BOB")).toEqual({ kind: "member" });
  });
  it("to say which workspace is its own, everybody is unknown", async () => {
    rig.gate.misbehave({ method: "auth.test", verdict: { status: 500 }, times: 2 });
    const ours = directory();
    expect(await ours.person("U0BOB")).toMatchObject({ kind: "unknown" });
    expect(await ours.person("U0BOB")).toEqual({ kind: "member" });
  });
});
