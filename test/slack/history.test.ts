import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderTrend } from "../../src/findings/chart/render-trend.ts";
import type { Report } from "../../src/findings/report.ts";
import type { Actor } from "../../src/run/service.ts";
import type { MessageContent } from "../../src/slack/limits.ts";
import { startOutbox } from "../../src/slack/outbox.ts";
import { drawPicture, startPictures, type PicturesOptions } from "../../src/slack/pictures.ts";
import type { SlackPort, UploadFile } from "../../src/slack/port.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { undrawnPictures } from "../../src/store/pictures.ts";
import { compareAndSetState } from "../../src/store/runs.ts";
import { asService, insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { reportOf } from "../support/killed-report.ts";
import { hasty, unlimited } from "../support/slack-speed.ts";
import { waitFor } from "../support/stack.ts";

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await asService(await startTestDatabase());
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

const alice: Actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
const say = (text: string, who = alice): Promise<MessageContent> => rig.dispatcher.command(text, who);
const words = ({ blocks }: MessageContent): string => JSON.stringify(blocks);

/** A run that ended, with a whole report in the database, as its owner leaves it. */
async function ended(
  experiment: string,
  values: Readonly<Record<string, number | null>> = {},
  change: { cluster?: string; parameters?: Report["run"]["parameters"]; report?: Partial<Report> } = {},
): Promise<string> {
  const { cluster = "lab", parameters = { rate: 100 } } = change;
  const runId = await insertTestRun(db.database, "C1", { experiment, cluster, parameters });
  const base = reportOf(runId, values);
  const report = { ...base, run: { ...base.run, experiment, cluster, parameters }, ...change.report };
  const bytes = Buffer.from(JSON.stringify(report));
  await inTransaction(db.database, async (client) => {
    await saveArtifact(client, runId, { name: "report.json", contentType: "application/json", bytes });
    await appendEvents(client, runId, [{ type: "judged", report, artifacts: ["report.json"] }]);
    await compareAndSetState(client, { runId, from: "requested", to: "completed" });
  });
  return runId;
}

interface SeenButton {
  name: string;
  text: string;
  value: string;
}
function buttonsOf({ blocks }: MessageContent): SeenButton[] {
  return blocks.flatMap((block) =>
    block.type === "actions"
      ? block.elements.flatMap((element) =>
          element.type === "button"
            ? [{ name: element.action_id?.split(":")[1] ?? "", text: element.text.text, value: element.value ?? "" }]
            : [],
        )
      : [],
  );
}
async function press(reply: MessageContent, text: string, who = alice): Promise<MessageContent> {
  const button = buttonsOf(reply).find((each) => each.text === text);
  const said =
    button === undefined ? undefined : await rig.dispatcher.click(`aftershock:${button.name}`, button.value, who);
  if (said === undefined) throw new Error(`nothing was said to ${text}`);
  return said;
}

describe("/chaos history", () => {
  it("says that nothing has run yet, and how to begin", async () => {
    const reply = await say("history");
    expect(reply.text).toContain("no history");
    expect(buttonsOf(reply).map(({ value }) => value)).toEqual(["list"]);
  });
  it("says of an experiment without runs that it has none, and of an unknown one what was meant", async () => {
    const reply = await say("history redis-failover");
    expect(reply.text).toBe("No run of redis-failover has ended yet.");
    expect(buttonsOf(reply)[0]?.value).toBe("run redis-failover --dry-run");
    await expect(say("history redis-failver")).rejects.toMatchObject({
      code: "unknown_experiment",
      hint: expect.stringContaining("redis-failover"),
    });
  });
  it("shows the runs, the newest first, with figures, standing, and why one is not comparable", async () => {
    const ids: string[] = [];
    for (const ms of [3000, 3100, 2900]) ids.push(await ended("redis-failover", { "first-new-write": ms }));
    const other = await ended("redis-failover", { "first-new-write": 100 }, { parameters: { rate: 7 } });
    const last = await ended("redis-failover", { "first-new-write": 9000, lost: 4 });
    const elsewhere = await ended("redis-failover", {}, { cluster: "prod" });
    const reply = await say("history redis-failover cluster=lab");
    const text = words(reply);
    expect(text).toContain("*5 runs*, 4 of them comparable with the newest (rate 100");
    expect(text).toContain("RTO 9.00 s, worse than usual (median 3.00 s of 3 runs)");
    expect(text).toMatch(
      new RegExp(`${last}\\*.*held · RTO 9.00 s · 4 lost.*${other}.*not comparable: rate 7.*${ids[0]}`),
    );
    expect(text).toContain("<!date^");
    expect(text).not.toContain(elsewhere);
    expect(buttonsOf(reply).map(({ value }) => value)).toEqual([
      "redis-failover cluster=lab",
      `compare ${other} ${last}`,
      ...[last, other, ids[2], ids[1], ids[0]].map((id) => `findings ${id}`),
    ]);
    expect(words(await press(reply, last))).toContain(`Findings of ${last}`);
    expect(words(await say("history redis-failover last=1"))).toContain(elsewhere);
    expect(words(await say("history redis-failover last=1"))).toContain("*1 run*");
  });
  it("offers the experiments that have runs when none is named", async () => {
    await ended("redis-split-brain");
    const reply = await say("history");
    expect(buttonsOf(reply).map(({ value }) => value)).toEqual(["history redis-split-brain", "history redis-failover"]);
    expect(words(await press(reply, "redis-split-brain"))).toContain("History of redis-split-brain");
  });
  it("says on which clusters there are runs when the one asked for has none", async () => {
    const reply = await say("history redis-failover cluster=moon");
    expect(reply.text).toBe("No run of redis-failover has ended on the cluster moon yet.");
    expect(words(reply)).toContain("There are runs on prod, lab");
  });
  it.each(["last=0", "last=51", "last=x", "last=1e1", "theme=pink"])("does not take %s", async (option) => {
    await expect(say(`history redis-failover ${option}`)).rejects.toMatchObject({ code: "bad_parameter" });
  });
  it("shows nothing to people of other organisations", async () => {
    await expect(say("history", { ...alice, teamId: "T9" })).rejects.toMatchObject({ code: "not_allowed" });
    await expect(say("compare run-1 run-2", { ...alice, teamId: "T9" })).rejects.toMatchObject({ code: "not_allowed" });
  });
});

describe("the chart in the channel", () => {
  const uploads: Array<{ channelId: string; threadTs?: string; comment: string; files: readonly UploadFile[] }> = [];
  const posts: MessageContent[] = [];
  /** A double of Slack that keeps what it is told; the protocol itself is tested elsewhere. */
  const slack: SlackPort = {
    post: async (_target, message) => (posts.push(message), { ok: true, ts: `${posts.length}.1` }),
    update: async (_channel, ts) => ({ ok: true, ts }),
    upload: async (target, comment, files) => (uploads.push({ ...target, comment, files }), { ok: true, ts: null }),
    canvas: async () => ({ ok: true, ts: null }),
    pin: async () => ({ ok: true, ts: null }),
    find: async () => ({ ok: true, ts: null }),
  };
  const options = (draw: PicturesOptions["draw"]): PicturesOptions => ({
    database: db.database,
    past: rig.past,
    draw,
    onWanted: () => undefined,
    onError: () => undefined,
  });
  const sender = () =>
    startOutbox({
      database: db.database,
      slack,
      editEveryMs: 10,
      rates: unlimited,
      patience: hasty,
      log: () => undefined,
    });

  it("is drawn from the runs and posted once for all, with its words and alt text, by two bots", async () => {
    const said = await press(await say("history redis-failover cluster=lab"), "Share chart in channel");
    expect(said.text).toContain("for everybody");
    // It ended after the click, so that it is not in the picture.
    await ended("redis-failover", { "first-new-write": 70_000 });
    const bots = [startPictures(options(renderTrend)), startPictures(options(renderTrend))];
    const outbox = sender();
    await waitFor(
      async () => uploads.length,
      (count) => count > 0,
      120_000,
    );
    await Promise.all(bots.map((bot) => bot.stop()));
    await outbox.stop();
    expect(uploads).toHaveLength(1);
    const [{ channelId, threadTs, comment, files } = { channelId: "", comment: "", files: [] }] = uploads;
    expect([channelId, threadTs]).toEqual(["C1", undefined]);
    expect(comment).toContain("*History of redis-failover:* *5 runs*");
    // It calls nobody.
    expect(comment).not.toContain("<@");
    expect(files[0]?.name).toBe("history.png");
    expect(files[0]?.bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
    expect(files[0]?.altText).toContain("Chart of 5 runs of redis-failover. The newest");
    expect(await undrawnPictures(db.database, 9)).toEqual([]);
    const { rows } = await db.database.query("select * from pictures");
    expect(rows).toMatchObject([
      { asked_by: "U0ALICE", channel_id: "C1", of: { experiment: "redis-failover", last: 20 } },
    ]);
  }, 240_000);
  it("is said in words when it cannot be drawn, and not tried for ever", async () => {
    await rig.past.share(alice, { kind: "history", experiment: "redis-failover", last: 5, theme: "dark" });
    const [picture] = await undrawnPictures(db.database, 9);
    if (picture === undefined) throw new Error("no picture");
    const broken = options(() => Promise.reject(new Error("no font")));
    expect(await drawPicture(broken, picture)).toBe(true);
    expect(await drawPicture(broken, picture)).toBe(false);
    expect(await undrawnPictures(db.database, 9)).toEqual([]);
    const outbox = sender();
    await waitFor(
      async () => posts.length,
      (count) => count > 0,
      120_000,
    );
    await outbox.stop();
    expect(posts).toHaveLength(1);
    expect(posts[0]?.text).toContain("could not be drawn");
    expect(uploads).toHaveLength(1);
  });
  it("is not posted for people of other organisations, nor where there is no channel", async () => {
    const click = (who: Actor) => rig.dispatcher.click("share-history", "redis-failover", who);
    await expect(click({ ...alice, teamId: "T9" })).rejects.toMatchObject({ code: "not_allowed" });
    await expect(click({ ...alice, channelId: "" })).rejects.toMatchObject({
      code: "not_supported_here",
      hint: expect.stringContaining("/chaos history redis-failover"),
    });
    await expect(rig.dispatcher.click("share-history", "", alice)).rejects.toMatchObject({ code: "bad_command" });
    expect(await undrawnPictures(db.database, 9)).toEqual([]);
  });
});

describe("/chaos compare", () => {
  let first = "";
  let second = "";
  let foreign = "";
  beforeAll(async () => {
    first = await ended("redis-failover", { "first-new-write": 3000 });
    second = await ended("redis-failover", { "first-new-write": 9000 }, { parameters: { rate: 50 } });
    foreign = await ended("etcd-quorum-loss");
  });
  it("puts two side by side: what differs, the measures with the noise, and the findings", async () => {
    const reply = await say(`compare ${first} ${second.replace("run-", "")}`);
    const text = words(reply);
    expect(reply.text).toMatch(new RegExp(`^${first} and ${second} of redis-failover: 1 worse, \\d+ the same$`));
    expect(text).toContain("*Parameters that differ*\\n• rate: 100 → 50");
    expect(text).toMatch(
      /Kill to first write on the new master: 3.00 s → \*9.00 s\*, 6.00 s more: \*worse\* \(noise of \d runs/,
    );
    expect(text).toContain("Hypothesis *held*");
    expect(buttonsOf(reply).map(({ value }) => value)).toEqual([
      `findings ${first}`,
      `findings ${second}`,
      "history redis-failover",
    ]);
    expect((await say(`compare ${second} ${first}`)).text).toContain("1 better");
  });
  it("refuses runs of different experiments, and names what would work", async () => {
    await expect(say(`compare ${first} ${foreign}`)).rejects.toMatchObject({
      code: "not_comparable",
      message: expect.stringContaining(`${foreign} one of etcd-quorum-loss`),
      hint: expect.stringContaining(`/chaos compare ${second} ${first}`),
    });
    await expect(say(`compare ${foreign} ${first}`)).rejects.toMatchObject({
      hint: "There is no other run of etcd-quorum-loss yet: /chaos run etcd-quorum-loss",
    });
  });
  it("refuses a run with itself, a run without findings, one that does not exist, and a third", async () => {
    await expect(say(`compare ${first} ${first}`)).rejects.toMatchObject({ code: "not_comparable" });
    const waiting = await insertTestRun(db.database, "C1", { experiment: "redis-failover" });
    await expect(say(`compare ${first} ${waiting}`)).rejects.toMatchObject({ code: "not_pending" });
    await expect(say(`compare ${first} run-99999`)).rejects.toMatchObject({ code: "unknown_run" });
    await expect(say(`compare ${first} ${second} ${foreign}`)).rejects.toMatchObject({ code: "bad_command" });
    const old = await ended("redis-failover", {}, { report: { schemaVersion: 1 as unknown as 2 } });
    await expect(say(`compare ${first} ${old}`)).rejects.toMatchObject({ code: "not_comparable" });
  });
  it("offers recent runs for those that are missing: for the second, of the same experiment only", async () => {
    const whichFirst = await say("compare");
    expect(buttonsOf(whichFirst).every(({ value }) => /^compare run-\d+$/.test(value))).toBe(true);
    expect(words(whichFirst)).not.toContain("etcd-quorum-loss");
    const whichSecond = await press(whichFirst, `${second} redis-failover`);
    expect(buttonsOf(whichSecond).length).toBeGreaterThan(2);
    expect(buttonsOf(whichSecond).every(({ value }) => value.startsWith(`compare ${second} run-`))).toBe(true);
    expect((await press(whichSecond, first)).text).toContain(`${second} and ${first} of redis-failover`);
    await expect(say(`compare ${foreign}`)).rejects.toMatchObject({ code: "not_comparable" });
    await expect(say("compare", { ...alice, channelId: "C9" })).rejects.toMatchObject({ code: "not_pending" });
  });
});
