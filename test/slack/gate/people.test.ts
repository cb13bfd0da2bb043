import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../../src/embedded/local-slack.ts";
import { manifestScopes } from "../../support/slack-gate/scopes.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";

let rig: GateRig;
beforeAll(async () => {
  rig = await startGateRig({ scopes: [...manifestScopes(), "pins:read"] });
});
afterEach(() => {
  rig.gate.people.reset();
  rig.gate.behave();
});
afterAll(() => rig?.stop());

const errorOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (error: { data?: { error?: string } }) => error.data?.error ?? String(error),
  );

describe("the gate's people", () => {
  it("has user groups, which local-slack has not", async () => {
    rig.gate.people.setGroup({ id: "S1", handle: "dba", users: ["U0BOB"] });
    rig.gate.people.setGroup({ id: "S2", handle: "old", users: [], disabled: true });
    const { usergroups } = await rig.client.usergroups.list({ include_users: true });
    expect(usergroups).toMatchObject([{ id: "S1", handle: "dba", users: ["U0BOB"], user_count: 1 }]);
    expect((await rig.client.usergroups.users.list({ usergroup: "S1" })).users).toEqual(["U0BOB"]);
    expect(await errorOf(rig.client.usergroups.users.list({ usergroup: "S2" }))).toBe("no_such_subteam");
    const all = await rig.client.usergroups.users.list({ usergroup: "S2", include_disabled: true });
    expect(all.users).toEqual([]);
    rig.gate.people.removeGroup("S1");
    expect(await errorOf(rig.client.usergroups.users.list({ usergroup: "S1" }))).toBe("no_such_subteam");
  });
  it("lets a group look-up fail as it fails in a free workspace", async () => {
    rig.gate.misbehave({ method: /^usergroups\./, verdict: { error: "plan_upgrade_required" } });
    expect(await errorOf(rig.client.usergroups.list())).toBe("plan_upgrade_required");
    expect(await errorOf(rig.client.usergroups.list())).toBe("none");
  });
  it("says of users what the test wants, and of others what the workspace says", async () => {
    rig.gate.people.setUser("U0BOB", { deleted: true });
    rig.gate.people.setUser("U0EVE", { is_stranger: true, team_id: "T0EVIL" });
    expect((await rig.client.users.info({ user: "U0BOB" })).user).toMatchObject({ name: "bob", deleted: true });
    expect((await rig.client.users.info({ user: "U0EVE" })).user).toMatchObject({
      is_stranger: true,
      team_id: "T0EVIL",
      deleted: false,
    });
    expect((await rig.client.users.info({ user: "U0CAROL" })).user).toMatchObject({ name: "carol", deleted: false });
    expect(await errorOf(rig.client.users.info({ user: "U0NOBODY" }))).toBe("user_not_found");
    const { members } = await rig.client.users.list({});
    expect(members?.find(({ id }) => id === "U0BOB")).toMatchObject({ deleted: true });
  });
  it("pins once, and lists what is pinned", async () => {
    const { ts = "" } = await rig.client.chat.postMessage({ channel: workspace.channel.id, text: "to be pinned" });
    const pin = { channel: workspace.channel.id, timestamp: ts };
    await rig.client.pins.add(pin);
    expect(await errorOf(rig.client.pins.add(pin))).toBe("already_pinned");
    expect((await rig.client.pins.list({ channel: pin.channel })).items).toMatchObject([{ message: { ts } }]);
    await rig.client.pins.remove(pin);
    expect(await errorOf(rig.client.pins.remove(pin))).toBe("no_pin");
  });
  it("keeps the metadata of a message and gives it when asked", async () => {
    const channel = workspace.channel.id;
    const metadata = { event_type: "mark", event_payload: { key: "k1" } };
    const { ts = "" } = await rig.client.chat.postMessage({ channel, text: "marked", metadata });
    await rig.client.chat.update({ channel, ts, text: "marked, edited" });
    const withAll = await rig.client.conversations.history({ channel, include_all_metadata: true, limit: 999 });
    expect(withAll.messages?.find((message) => message.ts === ts)?.metadata).toEqual(metadata);
    const without = await rig.client.conversations.history({ channel, limit: 999 });
    expect(without.messages?.find((message) => message.ts === ts)?.metadata).toBeUndefined();
    expect((await rig.client.conversations.history({ channel, limit: 1 })).messages).toHaveLength(1);
  });
});
