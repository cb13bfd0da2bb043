import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cardOf, click } from "../../src/embedded/run-drive.ts";
import type { LocalMessage } from "../../src/embedded/local-slack.ts";
import type { Stack } from "../../src/embedded/stack.ts";
import { kubectlOk } from "../support/kubectl.ts";
import {
  alice,
  approve,
  askForRun,
  bob,
  eventsOf,
  query,
  reportOf,
  startTestStack,
  threadText,
  untilState,
  waitFor,
} from "../support/stack.ts";

/**
 * A chaos object that does not go, on the real stack: the lab's own `nft` is replaced by one that fails while a file is
 * there, as Chaos Mesh's daemon fails when it cannot flush a pod's rules. The partition stays in force, DELETE does not
 * get past the finalizer, and no rule is removed when that is dropped.
 */
describe.skipIf(process.getuid?.() !== 0)("a fault that does not go, on the real stack", () => {
  const folder = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const broken = join(folder, "broken");
  const path = process.env["PATH"];
  let stack: Stack;
  let runId = "";
  let card: LocalMessage;

  beforeAll(async () => {
    const real = execFileSync("sh", ["-c", "command -v nft || echo /usr/sbin/nft"], { encoding: "utf8" }).trim();
    const standIn = `#!/bin/sh\nif [ -e ${broken} ]; then echo "Could not process rule: Device or resource busy" >&2; exit 1; fi\nexec ${real} "$@"\n`;
    writeFileSync(join(folder, "nft"), standIn);
    chmodSync(join(folder, "nft"), 0o755);
    process.env["PATH"] = `${folder}:${path}`;
    stack = await startTestStack({
      configure: (config) => ({
        ...config,
        healing: { deleteWithin: "2s", offerRestartFor: "3s", forceWithin: "3s", reachWithin: "5s", callWithin: "5s" },
        alarms: { pageAgainAfter: ["1s", "2s", "20s"], recheckAfter: ["1s"] },
      }),
    });
  });
  afterAll(async () => {
    process.env["PATH"] = path;
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const pages = async (): Promise<LocalMessage[]> =>
    (await stack.slack.messages()).filter(
      (message) => message.thread_ts === undefined && message.text?.includes(`CLEANUP UNVERIFIED: ${runId}`) === true,
    );
  const refusal = async (): Promise<string> =>
    (await ask(stack.slack, alice, "run redis-split-brain duration=6s baseline=3s recovery=15s")).text ?? "";

  it("climbs the ladder, says why, and ends unverified: aloud", async () => {
    ({ runId, card } = await askForRun(stack, "run redis-split-brain duration=40s baseline=3s recovery=15s"));
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    writeFileSync(broken, "");
    await ask(stack.slack, alice, `abort ${runId}`);
    await untilState(stack, runId, ["aborted"], 150_000);
    const steps = (await eventsOf(stack, runId)).flatMap((event) => (event.type === "heal-step" ? [event] : []));
    expect(steps.map(({ step }) => step)).toEqual(["delete", "stuck", "restart-offered", "forced", "gone"]);
    expect(steps[1]?.detail).toContain("Device or resource busy");
    expect((await reportOf(stack, runId)).verdicts).toMatchObject({ run: "aborted", cleanup: "unverified" });
    // Nobody vouched for it, and rightly so: the rules are still there.
    const rules = ["get", "podnetworkchaos", "redis-0", "-n", "cache", "-o", "jsonpath={.spec.iptables}"];
    expect(await kubectlOk(stack.lab.kubeconfigPath, rules)).toContain(`${runId}-partition`);
    await waitFor(
      () => threadText(stack, card),
      (text) => text.includes("A fault will not go away") && text.includes("Nobody has acknowledged it"),
      15_000,
    );
  }, 200_000);

  it("pages in the channel again and again, and lets no other run onto the target", async () => {
    const said = await waitFor(pages, (found) => found.length >= 3, 30_000);
    expect(said[0]?.text).toContain(`<@${alice}> <@${bob}>`);
    expect(said.some(({ blocks }) => JSON.stringify(blocks).includes("kubectl delete pod"))).toBe(true);
    expect(await refusal()).toMatch(/cleanup of run-\d+ is not proven[\s\S]*\/chaos alarms ack/);
    expect((await ask(stack.slack, alice, "alarms")).text).toContain(`the cleanup of ${runId} was not proven`);
    expect((await ask(stack.slack, alice, "status")).text).toContain("An alarm is open");
  });

  it("is paged no more once somebody has acknowledged it, and keeps its target until it is proven clean", async () => {
    const last = (await pages()).at(-1);
    if (last === undefined) throw new Error("no page");
    await click(stack.slack, bob, last, "ack-alarm");
    await waitFor(
      () => threadText(stack, card),
      (text) => text.includes(`<@${bob}> acknowledged it at`),
      15_000,
    );
    const [before] = await query<{ pages: number }>(stack, "select pages from alarms");
    expect(await refusal()).toMatch(/is not proven[\s\S]*The way out: have it healed and checked/);
    await waitFor(
      async () => (await eventsOf(stack, runId)).filter((event) => event.type === "alarm-checked").length,
      (count) => count >= 1,
      60_000,
    );
    expect(await query(stack, "select pages, state from alarms")).toEqual([{ ...before, state: "acknowledged" }]);
  });

  it("is proven clean when its targets were restarted: two questions, one worker, said where it was paged", async () => {
    const checked = await ask(stack.slack, bob, `alarms restart ${runId} redis-0`);
    expect(checked.text).toMatch(/deletes pod redis-0/);
    expect((await eventsOf(stack, runId)).some((event) => event.type === "restart-asked")).toBe(false);
    rmSync(broken);
    const pods = await query<{ pod: string }>(
      stack,
      `select t->>'pod' as pod from run_faults, jsonb_array_elements((targets->'subject') || (targets->'target')) t`,
    );
    expect(pods).toHaveLength(6);
    for (const { pod } of pods) await ask(stack.slack, bob, `alarms restart ${runId} ${pod} --yes`);
    await waitFor(
      async () => (await eventsOf(stack, runId)).some((event) => event.type === "alarm-resolved"),
      Boolean,
      150_000,
    );
    await waitFor(
      () => stack.slack.messages(),
      (all) => all.some(({ text, thread_ts: at }) => at === undefined && text?.includes("is proven now") === true),
      15_000,
    );
    expect(cardOf(await stack.slack.messages(), runId)).toBeDefined();
    expect(await refusal()).toMatch(/Asked for run-/);
  }, 200_000);
});
