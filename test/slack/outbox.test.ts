import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MessageContent } from "../../src/slack/limits.ts";
import type { DesiredMessage } from "../../src/slack/narrate.ts";
import { behindRuns, narrateRun } from "../../src/slack/narrator.ts";
import { startOutbox } from "../../src/slack/outbox.ts";
import type { SlackPort, SlackProblem, SlackResult } from "../../src/slack/port.ts";
import { forgetTimesAhead } from "../../src/slack/store/clock-back.ts";
import { firstDelivery } from "../../src/slack/store/deliveries.ts";
import { wantMessages } from "../../src/slack/store/outbox.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertTestRun, plan, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { hasty, unlimited } from "../support/slack-speed.ts";
import { waitFor } from "../support/stack.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await startTestDatabase();
});
afterAll(() => db?.stop());
beforeEach(async () => {
  await db.database.query("truncate slack_outbox, slack_pace");
});

const message = (key: string, position: number, text = key): DesiredMessage => ({
  key,
  position,
  inThread: key !== "card",
  payload: { kind: "message", text, blocks: [] },
});

interface Stored {
  channelId: string;
  threadTs: string | undefined;
  text: string;
  marker: string;
}

/**
 * A double of Slack that keeps what it is told; `misbehave` may lose the answer after storing, or refuse. The real
 * protocol is tested against local-slack end to end.
 */
function scriptedSlack(
  misbehave: (call: string, text: string, times: number) => "lose-answer" | SlackProblem | null = () => null,
) {
  const stored = new Map<string, Stored>();
  const calls: string[] = [];
  let next = 0;
  const act = (call: string, text: string, store: () => string): SlackResult => {
    const times = calls.filter((entry) => entry === `${call} ${text}`).length;
    calls.push(`${call} ${text}`);
    const fault = misbehave(call, text, times);
    if (fault !== null && fault !== "lose-answer") return { ok: false, problem: fault };
    const ts = store();
    return fault === "lose-answer"
      ? { ok: false, problem: { kind: "unknown", error: "socket hang up" } }
      : { ok: true, ts };
  };
  const port: SlackPort = {
    post: async (target, content: MessageContent, marker) =>
      act("post", content.text, () => {
        next += 1;
        stored.set(`ts${next}`, { channelId: target.channelId, threadTs: target.threadTs, text: content.text, marker });
        return `ts${next}`;
      }),
    update: async (_channel, ts, content) =>
      act("update", content.text, () => {
        const known = stored.get(ts);
        if (known !== undefined) known.text = content.text;
        return ts;
      }),
    upload: async () => ({ ok: true, ts: null }),
    canvas: async () => ({ ok: true, ts: null }),
    pin: async (_channel, ts) => act("pin", stored.get(ts)?.text ?? "", () => ts),
    find: async (_target, look) => {
      calls.push(`find ${look.marker}`);
      return { ok: true, ts: [...stored.entries()].find(([, entry]) => entry.marker === look.marker)?.[0] ?? null };
    },
  };
  return { port, stored, calls, texts: () => [...stored.values()].map((entry) => entry.text) };
}

const send = (port: SlackPort, editEveryMs = 0) =>
  startOutbox({
    database: db.database,
    slack: port,
    editEveryMs,
    rates: unlimited,
    patience: hasty,
    log: () => undefined,
  });
const outstanding = async (): Promise<number> => {
  const { rows } = await db.database.query<{ n: string }>(
    "select count(*) as n from slack_outbox where state <> 'failed' and (state <> 'sent' or version > sent_version)",
  );
  return Number(rows[0]?.n);
};
const drained = () => waitFor(outstanding, (n) => n === 0, 15_000);
async function want(runId: string, channel: string, messages: DesiredMessage[]): Promise<void> {
  await inTransaction(db.database, (client) => wantMessages(client, runId, channel, messages));
}

describe("the outbox", () => {
  it("posts the card first, the thread in order, and each once, with two senders at work", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0), ...Array.from({ length: 12 }, (_u, at) => message(`m${at}`, at + 1))]);
    const slack = scriptedSlack();
    const senders = [send(slack.port), send(slack.port)];
    await drained();
    await Promise.all(senders.map((sender) => sender.stop()));
    expect(slack.texts()).toEqual(["card", ...Array.from({ length: 12 }, (_u, at) => `m${at}`)]);
    expect([...slack.stored.values()].slice(1).every((entry) => entry.threadTs === "ts1")).toBe(true);
  });
  it("does not post twice when the answer is lost: it looks first", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0), message("a", 1)]);
    const slack = scriptedSlack((call, text, times) =>
      call === "post" && text === "a" && times === 0 ? "lose-answer" : null,
    );
    const sender = send(slack.port);
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["card", "a"]);
    expect(slack.calls).toContain(`find ${runId}/a`);
  });
  it("goes on when PostgreSQL's clock has gone back by an hour", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0), message("a", 1)]);
    await db.database.query("update slack_outbox set next_at = clock_timestamp() + interval '1 hour'");
    await db.database.query(
      "insert into slack_pace (scope, paid_until) values ('post:C1', clock_timestamp() + interval '1 hour')",
    );
    const slack = scriptedSlack();
    const sender = send(slack.port);
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["card", "a"]);
  });
  it("counts a claim that lies ahead from now on, and leaves what waits for seconds", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0), message("a", 1)]);
    await db.database.query(
      `update slack_outbox set claimed_at = clock_timestamp() + interval '1 hour' where key = 'card';
       update slack_outbox set next_at = clock_timestamp() + interval '1 minute' where key = 'a'`,
    );
    await forgetTimesAhead(db.database);
    const { rows } = await db.database.query<{ key: string; claimed: boolean | null; waits: boolean }>(
      `select key, claimed_at > clock_timestamp() as claimed, next_at > clock_timestamp() + interval '30 seconds' as waits
         from slack_outbox order by key`,
    );
    expect(rows).toEqual([
      { key: "a", claimed: null, waits: true },
      { key: "card", claimed: false, waits: false },
    ]);
  });
  it("posts again when it looks and finds nothing", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0)]);
    const slack = scriptedSlack((call, _text, times) =>
      call === "post" && times === 0 ? { kind: "unknown", error: "reset" } : null,
    );
    const sender = send(slack.port);
    await drained();
    await sender.stop();
    expect(slack.calls.slice(0, 3)).toEqual(["post card", `find ${runId}/card`, "post card"]);
    expect(slack.texts()).toEqual(["card"]);
  });
  it("looks first after a sender died in the middle of a post", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0)]);
    await db.database.query(
      "update slack_outbox set state = 'sending', claimed_at = clock_timestamp() - interval '1 hour' where run_id = $1",
      [runId],
    );
    const slack = scriptedSlack();
    slack.stored.set("ts-old", { channelId: "C1", threadTs: undefined, text: "card", marker: `${runId}/card` });
    const sender = send(slack.port);
    await drained();
    await sender.stop();
    expect(slack.calls.filter((call) => call.startsWith("post"))).toEqual([]);
    expect(slack.texts()).toEqual(["card"]);
  });
  it("keeps only the newest of many edits, and always delivers the last", async () => {
    const runId = await insertTestRun(db.database);
    const slack = scriptedSlack();
    const sender = send(slack.port, 300);
    for (let version = 0; version <= 40; version += 1) {
      await want(runId, "C1", [message("card", 0, `version ${version}`)]);
      sender.wake();
    }
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["version 40"]);
    expect(slack.calls.length).toBeLessThan(15);
  });
  it("lets a limited channel delay no other", async () => {
    const limited = await insertTestRun(db.database, "C-slow");
    const free = await insertTestRun(db.database, "C-fast");
    await want(limited, "C-slow", [message("card", 0, "slow")]);
    await want(free, "C-fast", [message("card", 0, "fast")]);
    const slack = scriptedSlack((_call, text, times) =>
      text === "slow" && times === 0 ? { kind: "rate-limited", retryAfterMs: 1500 } : null,
    );
    const sender = send(slack.port);
    await waitFor(
      async () => slack.texts(),
      (texts) => texts.includes("fast"),
      1400,
    );
    expect(slack.texts()).not.toContain("slow");
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["fast", "slow"]);
  });
  it("gives up what Slack refuses, and goes on with the rest of the run", async () => {
    const runId = await insertTestRun(db.database);
    await want(runId, "C1", [message("card", 0), message("bad", 1), message("good", 2)]);
    const slack = scriptedSlack((_call, text) =>
      text === "bad" ? { kind: "refused", error: "invalid_blocks" } : null,
    );
    const sender = send(slack.port);
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["card", "good"]);
  });
});

describe("a message that shall be pinned", () => {
  const pinned = (text: string): DesiredMessage => ({
    ...message("card", 0),
    payload: { kind: "message", text, blocks: [], pin: true },
  });
  const pins = (calls: readonly string[]): number => calls.filter((call) => call.startsWith("pin ")).length;
  it("is, once it is posted, and not again with each edit", async () => {
    const runId = await insertTestRun(db.database);
    const slack = scriptedSlack();
    const sender = send(slack.port);
    await want(runId, "C1", [pinned("first")]);
    await drained();
    await want(runId, "C1", [pinned("second")]);
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["second"]);
    expect(pins(slack.calls)).toBe(1);
  });
  it("stands unpinned where Slack does not allow it, and is edited as before", async () => {
    const runId = await insertTestRun(db.database);
    const slack = scriptedSlack((call) => (call === "pin" ? { kind: "refused", error: "missing_scope" } : null));
    const sender = send(slack.port);
    await want(runId, "C1", [pinned("first")]);
    await drained();
    await want(runId, "C1", [pinned("second")]);
    await drained();
    await sender.stop();
    expect(slack.texts()).toEqual(["second"]);
  });
});

describe("the narrator", () => {
  it("tells every event once, with several narrators racing", async () => {
    const runId = await insertTestRun(db.database);
    await inTransaction(db.database, (client) =>
      appendEvents(client, runId, [
        { type: "requested", by: "U1", plan, digest: "d", expiresAt: "2026-01-01T00:00:00.000Z" },
        { type: "approved", by: "U2", reason: null, digest: "d", given: 1, needed: 1 },
      ]),
    );
    await Promise.all(Array.from({ length: 8 }, () => narrateRun(db.database, runId)));
    const { rows } = await db.database.query<{ key: string }>(
      "select key from slack_outbox where run_id = $1 order by position, id",
      [runId],
    );
    expect(rows.map((entry) => entry.key)).toEqual(["card", "request", "event:2"]);
    expect(await narrateRun(db.database, runId)).toBe(false);
  });
  it("keeps nobody from appending while it tells, and finds what came meanwhile", async () => {
    const runId = await insertTestRun(db.database);
    const denied = (reason: string) =>
      inTransaction(db.database, (client) => appendEvents(client, runId, [{ type: "denied", by: "U2", reason }]));
    await inTransaction(db.database, async (telling) => {
      await telling.query("select pg_advisory_xact_lock(hashtextextended('telling of ' || $1, 0))", [runId]);
      await denied("first");
      expect(await narrateRun(db.database, runId)).toBe(false);
      await denied("second");
    });
    expect(await behindRuns(db.database)).toContain(runId);
    expect(await narrateRun(db.database, runId)).toBe(true);
    expect(await behindRuns(db.database)).not.toContain(runId);
  });
});

describe("deliveries", () => {
  it("count once", async () => {
    const seen = await Promise.all(Array.from({ length: 5 }, () => firstDelivery(db.database, "command:1")));
    expect(seen.filter(Boolean)).toHaveLength(1);
  });
});
