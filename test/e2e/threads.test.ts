import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import { threadOf } from "../../src/embedded/run-drive.ts";
import { mention, saying, whispered } from "../support/mentions.ts";
import {
  alice,
  approve,
  artifact,
  askForRun,
  bob,
  eventsOf,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
  type TestStack,
} from "../support/stack.ts";

/** What people do in the thread of a real run, where Slack takes no slash command. */
describe.skipIf(process.getuid?.() !== 0)("a run's thread, on the real stack", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack?.stop());

  it("tells how it goes, keeps notes up to the report, stops it, and calls only who must know", async () => {
    const { runId, card } = await askForRun(stack, "run redis-split-brain duration=60s baseline=3s recovery=30s");
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    const say = async (text: string): Promise<LocalMessage> => {
      const before = (await stack.slack.messages()).filter((message) => message.ephemeral_to === bob).length;
      await mention(stack.slack, bob, text, card.ts);
      const answer = (await whispered(stack.slack, bob, before + 1)).at(-1);
      expect(answer?.thread_ts).toBe(card.ts);
      return answer as LocalMessage;
    };
    expect((await say("status")).text).toContain(`${runId} `);
    expect((await say("note checkout answers 503 | since <the fault>")).text).toContain(`Noted for ${runId}`);
    await saying(stack.slack, ":memo:");
    expect((await say("stop customers see errors")).text).toContain(`${runId} is being stopped`);
    await untilState(stack, runId, ["aborted"]);

    const report = await reportOf(stack, runId);
    expect(report.notes).toMatchObject([{ by: bob, text: "checkout answers 503 | since <the fault>" }]);
    const [noted] = report.timeline.filter(({ event }) => event === "note");
    const active = (await eventsOf(stack, runId)).find((event) => event.type === "fault-injected");
    expect(noted?.atMs).toBeGreaterThan(active?.type === "fault-injected" ? active.atMs : Number.POSITIVE_INFINITY);
    const markdown = (await artifact(stack, runId, "report.md")).toString();
    expect(markdown).toContain(String.raw`| ${bob} | checkout answers 503 \| since &lt;the fault&gt; |`);

    const thread = await waitFor(
      () => threadText(stack, card),
      (text) => text.includes("Findings of") && text.includes(`${runId} has ended.`),
      20_000,
    );
    expect(thread).not.toContain("aftershock:note-run");
    // What is edited notifies nobody. Alice is told that it was approved and that it ended; Bob, who did all of it, is only named.
    const posted = threadOf(await stack.slack.messages(), card).filter(
      (message) => message.ephemeral_to === undefined && !("edited" in message),
    );
    const calling = (id: string): string[] =>
      posted.flatMap((message) => (JSON.stringify(message).includes(`<@${id}>`) ? [message.text ?? ""] : []));
    expect(calling(bob)).toEqual([]);
    expect(calling(alice)).toEqual([
      expect.stringContaining("approved plan"),
      expect.stringContaining(`${runId}: hypothesis`),
    ]);
  });
});
