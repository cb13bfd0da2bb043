import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, buttonsOf, cardOf, click, threadOf, untilMessage } from "../../src/embedded/run-drive.ts";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { connection } from "../../src/queue/connection.ts";
import { scheduleQueueName } from "../../src/queue/schedule-queue.ts";
import {
  alice,
  approve,
  bob,
  eventsOf,
  query,
  reportOf,
  startTestStack,
  stateOf,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

/**
 * A schedule comes due once an hour at most, so the test sets its next time in the database and lets BullMQ deliver the
 * wake-up call that it holds for that schedule now. Everything else is as in production.
 */
describe.skipIf(process.getuid?.() !== 0)("scheduled runs, through Slack's protocol", () => {
  let stack: Stack;
  let queue: Queue;
  const id = "schedule-1";
  // Three days from now in the week, so that the times that were missed are no fresh ones.
  const pattern = `0 6 * * ${(new Date().getUTCDay() + 3) % 7}`;
  beforeAll(async () => {
    stack = await startTestStack();
    queue = new Queue(scheduleQueueName, { connection: connection(stack.redis.url, "wait") });
  });
  afterAll(async () => {
    await queue?.close();
    await stack?.stop();
  });

  const card = (wanted: string): Promise<LocalMessage> =>
    untilMessage(stack.slack, (message, all) => cardOf(all, wanted)?.ts === message.ts, 15_000);
  const inChannel = (pattern: RegExp): Promise<LocalMessage> =>
    untilMessage(
      stack.slack,
      (message) =>
        message.thread_ts === undefined && message.ephemeral_to === undefined && pattern.test(message.text ?? ""),
      30_000,
    );
  const comesDue = async (due: string, ago: string): Promise<void> => {
    await query(stack, `update schedules set next_due_at = clock_timestamp() - $2::interval where id = $1`, [due, ago]);
    const job = await waitFor(
      async () => (await queue.getDelayed()).find(({ data }) => data.id === due),
      (found) => found !== undefined,
      10_000,
    );
    await job?.promote();
  };

  it("asks for backup-verification weekly, and only somebody else can approve that", async () => {
    const text = `schedule backup-verification "${pattern}" tz=Europe/Berlin baseline=4s runs=2`;
    expect((await ask(stack.slack, alice, text)).text).toContain(`Asked for ${id}`);
    const waiting = await card(id);
    expect(JSON.stringify(waiting)).toContain("for 2 runs within 90 days");
    await click(stack.slack, alice, waiting, "approve");
    const refused = await untilMessage(
      stack.slack,
      (message) => message.ephemeral_to === alice && /must approve it/.test(message.text ?? ""),
      10_000,
    );
    expect(refused.text).toContain(id);
    await approve(stack, waiting);
    await waitFor(
      async () => (await card(id)).text,
      (now) => now?.endsWith("active") === true,
      10_000,
    );
    const [scheduler] = await queue.getJobSchedulers(0, -1);
    expect(scheduler).toMatchObject({ key: id, pattern, tz: "Europe/Berlin" });
    const [row] = await query<{ next_due_at: Date }>(stack, "select next_due_at from schedules where id = $1", [id]);
    expect(row?.next_due_at.getTime()).toBe(scheduler?.next);
  });

  it("starts by itself when it comes due, completes, and the channel shows it", async () => {
    await comesDue(id, "1 second");
    const runCard = await card("run-1");
    expect(await untilState(stack, "run-1", ["completed"])).toBe("completed");
    const report = await reportOf(stack, "run-1");
    expect(report.verdicts, report.because).toEqual({ hypothesis: "held", run: "completed", cleanup: "verified" });
    const decided = await query(stack, "select user_id, decision from run_decisions where run_id = 'run-1'");
    expect(decided).toEqual([{ user_id: bob, decision: "approved" }]);
    // Quiet success: its findings, and no word of each step.
    const told = await waitFor(
      () => threadText(stack, runCard),
      (thread) => thread.includes("Findings of run-1"),
      10_000,
    );
    expect(told).not.toMatch(/asks for|Probes at|Baseline/);
    expect((await eventsOf(stack, "run-1")).find(({ type }) => type === "approved")).toMatchObject({
      schedule: id,
      reason: expect.stringContaining("run 1 of 2"),
    });
    const scheduleCard = await card(id);
    const thread = threadOf(await stack.slack.messages(), scheduleCard).map((message) => message.text ?? "");
    expect(thread.filter((text) => text.includes("run-1 started"))).toHaveLength(1);
    expect(JSON.stringify(scheduleCard)).toContain("1 of 2 runs used");
  });

  it("names in the channel what was missed while no worker was up, and has its wake-up calls back after Redis lost them", async () => {
    stack.worker.kill("SIGKILL");
    const redis = new Redis(stack.redis.url);
    await redis.flushall();
    await redis.quit();
    await query(stack, "update schedules set next_due_at = clock_timestamp() - interval '20 days' where id = $1", [id]);
    await stack.startWorker();
    expect((await inChannel(/missed \d times/)).text).toContain("/chaos run backup-verification");
    expect(await stateOf(stack, "run-2")).toBe("none");
    const [scheduler] = await queue.getJobSchedulers(0, -1);
    const [row] = await query<{ next_due_at: Date }>(stack, "select next_due_at from schedules where id = $1", [id]);
    expect(scheduler).toMatchObject({ key: id, next: row?.next_due_at.getTime() });
  });

  it("is over when it is cancelled", async () => {
    expect((await ask(stack.slack, bob, "schedules")).text).toMatch(/schedule-1.*active.*last run-1/);
    await click(stack.slack, bob, await card(id), "unschedule");
    await waitFor(
      async () => buttonsOf(await card(id)).length,
      (buttons) => buttons === 0,
      10_000,
    );
    expect(await queue.getJobSchedulersCount()).toBe(0);
    expect((await ask(stack.slack, bob, "schedules")).text).toContain("Nothing is scheduled");
  });

  it("of an experiment that injects a fault only asks when it comes due, and nothing is touched without an approval", async () => {
    await ask(stack.slack, alice, `schedule redis-split-brain "${pattern}"`);
    const other = await card("schedule-2");
    expect(JSON.stringify(other)).toContain("It injects a fault (risk high): each run, when it comes due");
    await approve(stack, other);
    await waitFor(
      async () => (await card("schedule-2")).text,
      (now) => now?.endsWith("active") === true,
      10_000,
    );
    await comesDue("schedule-2", "1 second");
    expect((await card("run-2")).text).toContain("waiting for approval");
    expect(await query(stack, "select 1 from run_decisions where run_id = 'run-2'")).toEqual([]);
    await ask(stack.slack, alice, "deny run-2");
    expect(await stateOf(stack, "run-2")).toBe("denied");
    expect((await ask(stack.slack, alice, "unschedule 2")).text).toContain("cancelled");
  });

  it.each([
    ['schedule backup-verificatoin "0 6 * * 0"', /Did you mean \/chaos schedule backup-verification/],
    ['schedule backup-verification "*/5 * * * *"', /once an hour at most/],
    ['schedule backup-verification "0 6 * * 0" tz=Europe/Brelin', /tz=Europe\/Berlin/],
    ['schedule backup-verification "0 6 * * 0" rpoo=12h', /Did you mean rpo/],
    ["unschedule 77", /chaos schedules/],
  ])("%s is told what to type", async (text, answer) => {
    expect((await ask(stack.slack, alice, text)).text).toMatch(answer);
  });
});
