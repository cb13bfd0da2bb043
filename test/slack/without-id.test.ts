import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Actor } from "../../src/run/service.ts";
import { limits, type MessageContent } from "../../src/slack/limits.ts";
import { inTransaction } from "../../src/store/database.ts";
import { insertAlarm } from "../../src/store/alarms.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { moveRun } from "../support/home-rig.ts";
import { samples } from "./property/samples.ts";

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

/** Each test has a channel of its own. */
const actor = (userId: string, channelId: string): Actor => ({ userId, teamId: "T1", channelId });
const say = (text: string, who: Actor): Promise<MessageContent> => rig.dispatcher.command(text, who);
const asks = async (channelId: string, experiment = "redis-split-brain"): Promise<string> =>
  (await rig.service.request(actor("U0ALICE", channelId), { experiment, parameters: {} })).id;
const stateOf = async (id: string): Promise<string> => (await rig.service.find("", id)).state;

interface SeenButton {
  name: string;
  text: string;
  value: string;
  confirm: boolean;
}

function buttonsOf({ blocks }: MessageContent): SeenButton[] {
  return blocks.flatMap((block) =>
    block.type !== "actions"
      ? []
      : block.elements.flatMap((element) =>
          element.type !== "button"
            ? []
            : [
                {
                  name: (element.action_id ?? "").split(":")[1] ?? "",
                  text: element.text.text,
                  value: element.value ?? "",
                  confirm: element.confirm !== undefined,
                },
              ],
        ),
  );
}

/** Clicks the button as its person would. */
async function press(reply: MessageContent, text: string, who: Actor): Promise<MessageContent | void> {
  const button = buttonsOf(reply).find((each) => each.text === text);
  if (button === undefined)
    throw new Error(
      `no ${text} among ${buttonsOf(reply)
        .map((each) => each.text)
        .join()}`,
    );
  return rig.dispatcher.click(`${button.name}:0`, button.value, who);
}

describe("/chaos abort without a number", () => {
  const bob = actor("U0BOB", "C-ABORT");
  it("says that there is nothing to stop", async () => {
    await expect(say("abort", bob)).rejects.toMatchObject({
      code: "not_pending",
      hint: expect.stringContaining("halt"),
    });
  });
  it("stops the only one, and asks which of several, each asked twice", async () => {
    const first = await asks("C-ABORT");
    expect((await say("abort", bob)).text).toContain(`${first} was stopped`);
    const ids: string[] = [];
    for (let at = 0; at < 6; at += 1) ids.push(await asks("C-ABORT"));
    const reply = await say("abort", bob);
    expect(reply.text).toBe("Which one shall be stopped?");
    const newest = ids.toReversed().slice(0, 5);
    expect(buttonsOf(reply).map(({ value }) => value)).toEqual(newest);
    expect(buttonsOf(reply).every(({ confirm }) => confirm)).toBe(true);
    expect(JSON.stringify(reply.blocks)).toContain("and 1 more");
    for (const id of ids) expect(await stateOf(id)).toBe("requested");
    const [wanted = ""] = newest;
    expect((await press(reply, `Stop ${wanted}`, bob))?.text).toContain(`${wanted} was stopped`);
    expect(await stateOf(wanted)).toBe("aborted");
    for (const id of newest.slice(1)) expect(await stateOf(id)).toBe("requested");
    for (const id of ids.filter((each) => each !== wanted)) await rig.service.abort(bob, id);
  });
});

describe("/chaos approve, deny and revoke without a number", () => {
  const [alice, bob] = [actor("U0ALICE", "C-APPROVE"), actor("U0BOB", "C-APPROVE")];
  it("say that nothing waits", async () => {
    expect((await say("approve", bob)).text).toBe("Nothing waits for approval.");
    expect((await say("deny", bob)).text).toBe("Nothing waits for approval.");
    await expect(say("revoke", bob)).rejects.toMatchObject({ code: "not_pending" });
  });
  it("offer what the person may decide, tell others why not, and approve what was seen only", async () => {
    const id = await asks("C-APPROVE");
    const own = await say("approve", alice);
    expect(own.text).toBe("Nothing waits for your approval.");
    expect(JSON.stringify(own.blocks)).toContain("You asked for it yourself");
    expect(buttonsOf(own)).toEqual([]);
    const reply = await say("approve", bob);
    expect(buttonsOf(reply)).toEqual([
      expect.objectContaining({ name: "pick-approve", text: `Approve ${id}`, confirm: true }),
      { name: "open", text: "Details", value: `status ${id}`, confirm: false },
    ]);
    const details = await press(reply, "Details", bob);
    expect(JSON.stringify(details)).toMatch(/Hypothesis[\s\S]*Faults[\s\S]*Guards before anything is touched/);
    expect(buttonsOf(details ?? reply).map(({ text }) => text)).toEqual([`Approve ${id}`, "Deny"]);
    await expect(rig.dispatcher.click("pick-approve:0", `${id}@000000000000`, bob)).rejects.toMatchObject({
      message: expect.stringContaining("another plan"),
    });
    expect((await press(reply, `Approve ${id}`, bob))?.text).toContain("approved and starts now");
    expect(await stateOf(id)).toBe("approved");
    // Twice is told, and done once.
    await expect(press(reply, `Approve ${id}`, bob)).rejects.toMatchObject({ code: "not_pending" });
    // The one approval of his own is meant.
    expect((await say("revoke", bob)).text).toContain(`Your approval of ${id} is taken back`);
    expect(await stateOf(id)).toBe("aborted");
  });
  it("deny what is offered, and let the requester take it back", async () => {
    const [first, second] = [await asks("C-APPROVE"), await asks("C-APPROVE")];
    const reply = await say("deny", bob);
    expect(buttonsOf(reply).map(({ text }) => text)).toEqual(["Details", "Deny", "Details", "Deny"]);
    expect((await press(reply, "Deny", bob))?.text).toContain(`${first} is denied`);
    const own = await say("deny", alice);
    expect((await press(own, "Withdraw", alice))?.text).toContain(`${second} is denied`);
  });
  it("ask which approval to take back", async () => {
    const [first, second] = [await asks("C-APPROVE"), await asks("C-APPROVE", "etcd-quorum-loss")];
    for (const id of [first, second]) await rig.service.approve(bob, id);
    const reply = await say("revoke", bob);
    expect(buttonsOf(reply).map(({ value, confirm }) => [value, confirm])).toEqual([
      [second, true],
      [first, true],
    ]);
    expect((await press(reply, `Take back ${first}`, bob))?.text).toContain("the run has ended");
    expect(await stateOf(second)).toBe("approved");
    await rig.service.abort(bob, second);
  });
});

describe("/chaos status and findings without a number", () => {
  const bob = actor("U0BOB", "C-STATUS");
  it("show the last ones, each with a button that shows it, and the findings of the newest that has any", async () => {
    const empty = await say("status", bob);
    expect(empty.text).toContain("There was no run in this channel yet.");
    expect(buttonsOf(empty)).toEqual([]);
    await expect(say("findings", bob)).rejects.toMatchObject({ code: "unknown_run" });
    const waiting = await insertTestRun(db.database, "C-STATUS");
    await expect(say("findings", bob)).rejects.toMatchObject({ message: expect.stringContaining("No run of this") });
    const judged: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      const id = await insertTestRun(db.database, "C-STATUS");
      const report = { ...samples.report, run: { ...samples.report.run, id } };
      await inTransaction(db.database, (client) =>
        appendEvents(client, id, [{ type: "judged", report, artifacts: [] }]).then(() => undefined),
      );
      judged.push(id);
    }
    const last = await insertTestRun(db.database, "C-STATUS");
    const status = await say("status", bob);
    expect(buttonsOf(status).map(({ value }) => value)).toEqual(
      [last, ...judged.toReversed(), waiting].map((id) => `status ${id}`),
    );
    expect(JSON.stringify(await press(status, last, bob))).toContain("waiting for approval");
    const findings = await say("findings", bob);
    expect(findings.text).toContain(`${judged[2]}:`);
    const shows = buttonsOf(findings).filter(({ value }) => value.startsWith("findings "));
    expect(shows.map(({ value }) => value)).toEqual([`findings ${judged[1]}`, `findings ${judged[0]}`]);
    const older = await press(findings, `${judged[0]} redis-split-brain`, bob);
    expect(older?.text).toContain(`${judged[0]}:`);
  });
});

describe("/chaos unschedule without an id", () => {
  const [alice, bob] = [actor("U0ALICE", "C-SCHEDULE"), actor("U0BOB", "C-SCHEDULE")];
  it("offers the newest, and ends the one that is clicked", async () => {
    expect((await say("unschedule", bob)).text).toContain("Nothing is scheduled");
    for (let at = 0; at < 2; at += 1) await say('schedule backup-verification "0 6 * * 0"', alice);
    const reply = await say("unschedule", bob);
    const [newest, oldest] = buttonsOf(reply);
    expect(newest).toMatchObject({ name: "pick-unschedule", confirm: true });
    expect((await press(reply, newest?.text ?? "", bob))?.text).toContain(`${newest?.value} is cancelled`);
    expect((await rig.schedules.open("C-SCHEDULE")).map(({ id }) => id)).toEqual([oldest?.value]);
  });
});

describe("/chaos alarms ack and check without a number", () => {
  const bob = actor("U0BOB", "C-ALARM");
  it("offer those that are open, and acknowledge the one that is clicked", async () => {
    expect((await say("alarms ack", bob)).text).toContain("No alarm waits");
    expect((await say("alarms check", bob)).text).toContain("Every cleanup is proven");
    await expect(say("alarms restart", bob)).rejects.toMatchObject({ hint: expect.stringContaining("RUN POD") });
    const id = await insertTestRun(db.database, "C-ALARM");
    await moveRun(db.database, id, "aborted");
    await insertAlarm(db.database, {
      runId: id,
      cluster: "lab",
      targetKey: "lab/x",
      reasons: ["a rule was left"],
      firstCheckMs: 60_000,
    });
    const list = await say("alarms", bob);
    expect(buttonsOf(list).map(({ text }) => text)).toEqual([`Acknowledge ${id}`, `Heal and check ${id}`]);
    const reply = await say("alarms ack", bob);
    expect((await press(reply, `Acknowledge ${id}`, bob))?.text).toContain(`acknowledged the alarm of ${id}`);
    expect((await say("alarms ack", bob)).text).toContain("No alarm waits");
    expect((await press(await say("alarms check", bob), `Heal and check ${id}`, bob))?.text).toContain("healed again");
  });
});

describe("the button that shows something", () => {
  const bob = actor("U0BOB", "C-OPEN");
  it.each(["abort", "halt", "run redis-split-brain", "approve run-1", "alarms ack run-1", "constructor", "deny 1"])(
    "does not do %j for anybody",
    async (value) => {
      await expect(rig.dispatcher.click("open:0", value, bob)).rejects.toMatchObject({ code: "bad_command" });
      expect(await rig.halts.current()).toBeNull();
    },
  );
  it.each(["list", "help approvals", "show redis-split-brain", "run redis-split-brain --dry-run", "schedules"])(
    "shows %j",
    async (value) => {
      const reply = await rig.dispatcher.click("open:0", value, bob);
      expect(reply?.blocks.length).toBeGreaterThan(0);
      expect(reply?.blocks.length).toBeLessThanOrEqual(limits.blocks);
    },
  );
});
