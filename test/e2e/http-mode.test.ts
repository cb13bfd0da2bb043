import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";
import { workspace } from "../../src/embedded/local-slack.ts";
import { buttonsOf, cardOf, untilMessage } from "../../src/embedded/run-drive.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { signedSlack, type SignedSlack } from "../support/signed-slack.ts";
import { alice, bob, eventsOf, query, startTestStack, stateOf, untilState, waitFor } from "../support/stack.ts";

/** Memory that a process holds now, in MiB (proc(5), VmRSS). */
function residentMiB(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
}

describe.skipIf(process.getuid?.() !== 0)("a bot in HTTP mode, on the real stack", () => {
  let stack: Stack;
  let slack: SignedSlack;
  beforeAll(async () => {
    const port = await freePort();
    process.env["SLACK_SIGNING_SECRET"] = workspace.bot.signingSecret;
    stack = await startTestStack({
      configure: (config) => ({ ...config, slack: { ...(config["slack"] as object), mode: "http", port } }),
    });
    slack = await signedSlack(port);
  });
  afterAll(async () => {
    await slack?.stop();
    await stack?.stop();
  });
  const answered = (): Promise<string[]> =>
    waitFor(
      async () => slack.answers(),
      (have) => have.length > 0,
      45_000,
    );
  const clickOn = async (user: string, runId: string, name: string): Promise<void> => {
    const card = await untilMessage(
      stack.slack,
      (message, all) =>
        cardOf(all, runId)?.ts === message.ts &&
        buttonsOf(message).some((button) => button["action_id"] === `aftershock:${name}`),
      30_000,
    );
    const button = buttonsOf(card).find((each) => each["action_id"] === `aftershock:${name}`);
    expect(await slack.click(user, button ?? {})).toBe(200);
  };

  it("takes a run from the command to its end; meanwhile a flood of what is not Slack's changes nothing", async () => {
    expect(await slack.command(alice, "run redis-split-brain duration=60s baseline=3s recovery=30s")).toBe(200);
    expect((await answered())[0]).toContain("Asked for run-1");
    await clickOn(alice, "run-1", "approve");
    expect((await answered())[0]).toContain("yourself");
    await clickOn(bob, "run-1", "approve");
    await untilState(stack, "run-1", ["active"], 60_000);

    const before = residentMiB(stack.bot.pid);
    const large = "x".repeat(900 * 1024);
    const stop = new URLSearchParams({
      payload: JSON.stringify({
        type: "block_actions",
        user: { id: alice, team_id: workspace.teamId },
        actions: [{ type: "button", action_id: "aftershock:stop", action_ts: "1.1", value: "run-1" }],
      }),
    }).toString();
    const idle = Array.from({ length: 40 }, () => connect(slack.port, "127.0.0.1").on("error", () => undefined));
    let most = before;
    for (let wave = 0; wave < 8; wave += 1) {
      const statuses = await Promise.all([
        ...Array.from({ length: 25 }, () => slack.send({ body: large, secret: "guessed" }).catch(() => 0)),
        ...Array.from({ length: 10 }, () => slack.send({ body: stop, secret: "guessed" })),
        ...Array.from({ length: 10 }, () => slack.send({ body: stop, offS: -301 })),
        slack.send({ body: "y".repeat(11 * 1024 * 1024) }).catch(() => 413),
        slack.send({ body: "payload=null" }),
      ]);
      expect(statuses.filter((status) => ![0, 401, 413, 503, 400].includes(status))).toEqual([]);
      most = Math.max(most, residentMiB(stack.bot.pid));
    }
    for (const socket of idle) socket.destroy();
    // 8 waves sent 265 MiB; a gate that held it all would show here.
    expect(most - before).toBeLessThan(200);
    expect(stack.bot.running()).toBe(true);
    expect(await stateOf(stack, "run-1")).toBe("active");
    expect((await eventsOf(stack, "run-1")).some((event) => event.type === "abort-requested")).toBe(false);

    await clickOn(alice, "run-1", "stop");
    await untilState(stack, "run-1", ["aborted"], 60_000);
    const seen = await query<{ key: string }>(stack, "select key from slack_deliveries");
    // One command and three clicks: what was refused was not even remembered.
    expect(seen).toHaveLength(4);
  });
});
