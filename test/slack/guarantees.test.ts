import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { workspace, type LocalMessage } from "../../src/embedded/local-slack.ts";
import type { DesiredMessage } from "../../src/slack/narrate.ts";
import { startOutbox, type OutboxOptions, type OutboxSender } from "../../src/slack/outbox.ts";
import { claimDue, markSent, postpone, renewClaims, wantMessages } from "../../src/slack/store/outbox.ts";
import { createWebPort } from "../../src/slack/web-port.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startGateRig, type GateRig } from "../support/gate-rig.ts";
import { gateRatesAt, hasty, ratesAt, unlimited } from "../support/slack-speed.ts";
import { waitFor } from "../support/stack.ts";

/** What the outbox promises, over a real client and the strict gate; each promise with what would happen without it. */
let db: TestDatabase;
let rig: GateRig;
const chaos = workspace.channel.id;
const senders: OutboxSender[] = [];

beforeAll(async () => {
  [db, rig] = await Promise.all([startTestDatabase(), startGateRig({ rates: gateRatesAt(10) })]);
});
beforeEach(async () => {
  await db.database.query("truncate slack_outbox");
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  rig.gate.behave();
});
afterAll(async () => {
  await rig?.stop();
  await db?.stop();
});

const begin = (change: Partial<OutboxOptions> = {}): OutboxSender => {
  const sender = startOutbox({
    database: db.database,
    slack: createWebPort(workspace.bot.token, rig.gate.apiUrl),
    editEveryMs: 0,
    rates: ratesAt(10),
    patience: hasty,
    log: () => undefined,
    ...change,
  });
  senders.push(sender);
  return sender;
};
const end = async (): Promise<void> => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
};
const words = (key: string, position: number, text: string): DesiredMessage => ({
  key,
  position,
  inThread: key !== "card",
  payload: { kind: "message", text, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] },
});
const want = (runId: string, ...messages: DesiredMessage[]) => wantMessages(db.database, runId, chaos, messages);
/** A card in a channel that nothing else was said in. */
async function cardOfItsOwn(): Promise<string> {
  const runId = await insertTestRun(db.database, chaos);
  await wantMessages(db.database, runId, `C-${runId}`, [words("card", 0, runId)]);
  return runId;
}
const outstanding = async (): Promise<number> =>
  (
    await db.database.query(
      "select 1 from slack_outbox where state <> 'failed' and (state <> 'sent' or version > sent_version)",
    )
  ).rowCount ?? 0;
const drained = () => waitFor(outstanding, (left) => left === 0, 25_000);
const said = async (mark: string): Promise<LocalMessage[]> =>
  (await rig.slack.messages()).filter((message) => message.text?.includes(mark) === true);
const happened = () =>
  waitFor(
    async () => rig.gate.misbehavioursLeft(),
    (left) => left === 0,
    15_000,
  );
/** A run whose card stands in the channel. */
async function posted(text: string): Promise<string> {
  const runId = await insertTestRun(db.database, chaos);
  await want(runId, words("card", 0, `${runId} ${text}`));
  begin();
  await drained();
  await end();
  return runId;
}

describe("a run's last word", () => {
  it("arrives after 50 failed tries", async () => {
    const runId = await posted("active");
    await want(runId, words("card", 0, `${runId} completed`));
    await db.database.query("update slack_outbox set attempts = 55 where run_id = $1", [runId]);
    rig.gate.misbehave({ method: "chat.update", verdict: { status: 500 }, times: 2 });
    begin();
    await happened();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} active`]);
    await drained();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} completed`]);
  });
  it("arrives after a 429, over what was wanted before it", async () => {
    const runId = await posted("active");
    await want(runId, words("card", 0, `${runId} healing`));
    rig.gate.misbehave({ method: "chat.update", verdict: { retryAfterS: 1 } });
    begin();
    await happened();
    await want(runId, words("card", 0, `${runId} completed`));
    await drained();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} completed`]);
    const told = rig.gate.calls.map(({ form }) => form.get("text")).filter((text) => text?.startsWith(runId));
    expect(told).toEqual([`${runId} active`, `${runId} healing`, `${runId} completed`]);
  });
  it("arrives across a restart in the middle of the outage", async () => {
    const runId = await posted("active");
    rig.gate.misbehave({ method: "chat.update", verdict: "lose-call", times: 1000 });
    await want(runId, words("card", 0, `${runId} completed`));
    begin();
    const tries = () => rig.gate.calls.filter(({ form }) => form.get("text") === `${runId} completed`).length;
    await waitFor(
      async () => tries(),
      (count) => count >= 2,
      10_000,
    );
    await end();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} active`]);
    rig.gate.behave();
    begin();
    await drained();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} completed`]);
  });
});

describe("a 429 for edits in one channel", () => {
  it("delays no edit in another, and the last word in neither", async () => {
    const calm = await rig.client.conversations.create({ name: `calm-${Date.now()}` });
    const other = calm.channel?.id ?? "";
    const slow = await posted("active");
    const free = await insertTestRun(db.database, other);
    await wantMessages(db.database, free, other, [words("card", 0, `${free} active`)]);
    begin();
    await drained();
    rig.gate.misbehave({
      method: "chat.update",
      verdict: { retryAfterS: 3 },
      when: (form) => form.get("channel") === chaos,
    });
    await want(slow, words("card", 0, `${slow} healing`));
    await happened();
    const limitedAt = Date.now();
    await want(slow, words("card", 0, `${slow} completed`));
    await wantMessages(db.database, free, other, [words("card", 0, `${free} completed`)]);
    await drained();
    const at = (text: string): number => rig.gate.calls.find(({ form }) => form.get("text") === text)?.atMs ?? Infinity;
    expect(at(`${free} completed`) - limitedAt).toBeLessThan(2500);
    expect(at(`${slow} completed`) - limitedAt).toBeGreaterThan(2500);
  });
});

describe("what stands in the channel itself", () => {
  it("waits for nothing in a thread: a page overtakes it", async () => {
    const runId = await posted("active");
    const thread = Array.from({ length: 40 }, (_u, at) => words(`m${at}`, at + 1, `${runId} m${at}`));
    await want(runId, ...thread);
    begin();
    await waitFor(
      () => said(`${runId} m`),
      (all) => all.length >= 3,
      10_000,
    );
    await want(runId, { ...words("page:1", 41, `${runId} page`), inThread: false });
    await waitFor(
      () => said(`${runId} page`),
      (all) => all.length === 1,
      10_000,
    );
    expect((await said(`${runId} m`)).length).toBeLessThan(30);
    await drained();
    expect((await said(`${runId} m`)).map(({ text }) => text)).toEqual(
      thread.map(({ payload }) => (payload.kind === "message" ? payload.text : "")),
    );
  });
});

describe("a message that must be single", () => {
  it("is single though Slack takes it only after the connection was cut", async () => {
    const runId = await insertTestRun(db.database, chaos);
    rig.gate.misbehave({ method: "chat.postMessage", verdict: { appliesAfterMs: 150 } });
    await want(runId, words("card", 0, runId));
    begin();
    await drained();
    expect(await said(runId)).toHaveLength(1);
  });
  it("would stand there twice if it were looked for at once (control)", async () => {
    const runId = await insertTestRun(db.database, chaos);
    rig.gate.misbehave({ method: "chat.postMessage", verdict: { appliesAfterMs: 2500 } });
    await want(runId, words("card", 0, runId));
    begin({ patience: { ...hasty, messageShowsMs: 0 } });
    await drained();
    await waitFor(
      () => said(runId),
      (all) => all.length === 2,
      5000,
    );
  });
  it("is found by its metadata, though somebody changed nothing but the words", async () => {
    const runId = await insertTestRun(db.database, chaos);
    rig.gate.misbehave({ method: "chat.postMessage", verdict: "lose-answer" });
    await want(runId, words("card", 0, `${runId} waits`));
    begin();
    await happened();
    await db.database.query("update slack_outbox set tried = '{}' where run_id = $1", [runId]);
    await drained();
    expect((await said(runId)).map(({ text }) => text)).toEqual([`${runId} waits`]);
  });
  it("is not looked for when Slack was never reached, and posted as soon as it is", async () => {
    const runId = await insertTestRun(db.database, chaos);
    await want(runId, words("card", 0, runId));
    const nobody = `http://127.0.0.1:${await freePort()}/api/`;
    const deaf = begin({ slack: createWebPort(workspace.bot.token, nobody) });
    await waitFor(
      async () =>
        (await db.database.query("select 1 from slack_outbox where run_id = $1 and error is not null", [runId]))
          .rowCount,
      (tried) => tried === 1,
      5000,
    );
    await deaf.stop();
    const before = rig.gate.calls.length;
    begin();
    await drained();
    expect(rig.gate.calls.slice(before).map(({ method }) => method)).toEqual(["chat.postMessage"]);
  });
  it("is single as a file too, though the answer comes to nobody and the bot is started anew", async () => {
    const runId = await insertTestRun(db.database, chaos);
    const name = `${runId}-chart.png`;
    await saveArtifact(db.database, runId, { name, contentType: "image/png", bytes: Buffer.from("picture") });
    rig.gate.misbehave({ method: "files.completeUploadExternal", verdict: { appliesAfterMs: 150 } });
    await want(runId, words("card", 0, runId), {
      key: "files:chart",
      position: 1,
      inThread: true,
      payload: { kind: "files", comment: "chart", files: [{ name }] },
    });
    begin();
    await happened();
    await end();
    begin();
    await drained();
    const uploads = (await rig.slack.messages()).filter((message) => message.files?.some((file) => file.name === name));
    expect(uploads).toHaveLength(1);
  });
});

describe("two bots", () => {
  it("post each message once, while answers are lost", async () => {
    const runs = await Promise.all([1, 2, 3].map(() => insertTestRun(db.database, chaos)));
    for (const runId of runs) {
      await want(
        runId,
        words("card", 0, `${runId} card`),
        ...[1, 2, 3].map((at) => words(`m${at}`, at, `${runId} m${at}`)),
      );
    }
    for (const verdict of ["lose-answer", "lose-call", { status: 502 }] as const) {
      rig.gate.misbehave({
        method: "chat.postMessage",
        verdict,
        when: (form) => form.get("text")?.endsWith("m2") === true,
      });
    }
    begin();
    begin();
    await drained();
    await happened();
    for (const runId of runs) {
      expect((await said(`${runId} `)).map(({ text }) => text)).toEqual(
        ["card", "m1", "m2", "m3"].map((key) => `${runId} ${key}`),
      );
    }
  });
  it("know a claim by its number: a sender that comes back from the dead changes nothing", async () => {
    const runId = await cardOfItsOwn();
    const dead = await claimDue(db.database, 60_000, unlimited);
    const next = await claimDue(db.database, -1, unlimited);
    if (dead === null || next === null) throw new Error("nothing was due");
    expect([dead.state, next.state]).toEqual(["pending", "unknown"]);
    await postpone(db.database, dead, "pending", 0, "late");
    await markSent(db.database, dead, "1.1", 0);
    const state = async () =>
      (await db.database.query("select state, ts from slack_outbox where run_id = $1", [runId])).rows[0] as unknown;
    expect(await state()).toEqual({ state: "unknown", ts: null });
    await markSent(db.database, next, "2.2", 0);
    expect(await state()).toEqual({ state: "sent", ts: "2.2" });
  });
  it("leave a row alone while its sender says that it lives", async () => {
    const runId = await cardOfItsOwn();
    const mine = await claimDue(db.database, 60_000, unlimited);
    if (mine === null) throw new Error("nothing was due");
    const age = () =>
      db.database.query("update slack_outbox set claimed_at = claimed_at - interval '1 hour' where run_id = $1", [
        runId,
      ]);
    await age();
    await renewClaims(db.database, [mine]);
    expect(await claimDue(db.database, 30_000, unlimited)).toBeNull();
    await age();
    expect(await claimDue(db.database, 30_000, unlimited)).not.toBeNull();
  });
});

describe("years of messages", () => {
  it("do not slow the search for what is due", async () => {
    await db.database.query(
      `insert into slack_outbox (run_id, key, channel_id, position, in_thread, payload, state, ts, sent_version)
       select 'old-' || at / 20, case at % 20 when 0 then 'card' else 'm' || at % 20 end, 'C-old', at % 20, at % 20 <> 0,
              '{"kind":"message","text":"x"}', 'sent', at::text, 1 from generate_series(0, 199999) at`,
    );
    await db.database.query("analyze slack_outbox");
    const runId = await cardOfItsOwn();
    const startedAt = performance.now();
    const claimed = await claimDue(db.database, 30_000, unlimited);
    for (let time = 1; time < 20; time += 1) await claimDue(db.database, 30_000, unlimited);
    // Reading all of them took 1.2 s each time; 2 ms when only what is outstanding is read.
    expect((performance.now() - startedAt) / 20).toBeLessThan(200);
    expect(claimed?.runId).toBe(runId);
  });
});

describe("Slack's limits", () => {
  const burst = async (): Promise<void> => {
    const runs = await Promise.all([1, 2].map(() => insertTestRun(db.database, chaos)));
    for (const runId of runs) {
      await want(
        runId,
        words("card", 0, runId),
        ...Array.from({ length: 9 }, (_u, at) => words(`m${at}`, at + 1, `${runId} ${at}`)),
      );
    }
  };
  it("are kept by two bots together", async () => {
    const before = rig.gate.limited.length;
    await burst();
    begin();
    begin();
    await drained();
    expect(rig.gate.limited.slice(before).map(({ method }) => method)).toEqual([]);
  });
  it("would be met without pacing (control)", async () => {
    const before = rig.gate.limited.length;
    await burst();
    begin({ rates: unlimited });
    await drained();
    expect(rig.gate.limited.length).toBeGreaterThan(before);
  });
  it("and Slack's errors are never posted to Slack", async () => {
    const runId = await insertTestRun(db.database, chaos);
    const errors = ["fatal_error", "internal_error", "restricted_action"];
    for (const error of errors) {
      rig.gate.misbehave({
        method: "chat.postMessage",
        verdict: { error },
        when: (form) => form.get("text") === `${runId} a`,
      });
    }
    rig.gate.misbehave({ method: "chat.update", verdict: { error: "edit_window_closed" } });
    rig.gate.misbehave({ method: "chat.update", verdict: { status: 503 } });
    const lines: string[] = [];
    await want(runId, words("card", 0, `${runId} card`), words("a", 1, `${runId} a`), words("b", 2, `${runId} b`));
    begin({ log: (message, detail) => lines.push(`${message} ${JSON.stringify(detail)}`) });
    await waitFor(
      () => said(`${runId} b`),
      (all) => all.length === 1,
      25_000,
    );
    for (const text of ["1", "2"]) {
      await want(runId, words("card", 0, `${runId} card ${text}`));
      await drained();
    }
    await happened();
    // What was refused for good is not there, and nobody is told why but the log.
    expect((await rig.slack.messages()).filter(({ text }) => text?.includes(runId)).map(({ text }) => text)).toEqual([
      `${runId} card 2`,
      `${runId} b`,
    ]);
    const everything = (await rig.slack.messages()).map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
    const ofSlack = [...errors, "edit_window_closed", "ratelimited", "HTTP 503"];
    expect(ofSlack.filter((error) => everything.some((text) => text.includes(error)))).toEqual([]);
    expect(lines.join("\n")).toContain("restricted_action");
    expect(lines.join("\n")).toContain("edit_window_closed");
  });
});
