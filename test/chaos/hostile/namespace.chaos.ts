import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlOk } from "../../support/kubectl.ts";
import { approve, askForRun, eventsOf, query, reportOf, threadText, untilState, waitFor } from "../../support/stack.ts";
import { leftOnCluster } from "../collect.ts";
import { quickRun, startRig, type Rig } from "../rig.ts";

/**
 * No case of the table: the system under test is gone for good, so that nothing can be healed in its data path and no run
 * can follow on it. What must hold is that this is said, and that the bot goes on.
 */
describe.skipIf(process.getuid?.() !== 0)("the namespace is deleted while a fault is active", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig?.close());

  it("the run fails, its cleanup is unverified and told so, nothing is left, and bot and worker live on", async () => {
    const { stack, cluster } = rig;
    const { runId, card } = await askForRun(stack, `run ${quickRun} duration=60s recovery=5s`);
    await approve(stack, card);
    await untilState(stack, runId, ["active"]);
    await kubectlOk(stack.lab.kubeconfigPath, ["delete", "namespace", "cache", "--wait=false"]);
    await untilState(stack, runId, ["failed"], 150_000);
    expect((await reportOf(stack, runId)).verdicts).toEqual({
      hypothesis: "inconclusive",
      run: "failed",
      cleanup: "unverified",
    });
    expect(await leftOnCluster(cluster)).toEqual([]);
    const events = await eventsOf(stack, runId);
    expect(events.some((event) => event.type === "healing-proof" && !event.ok)).toBe(true);
    await waitFor(
      () => threadText(stack, card),
      (text) => text.includes("failed") && text.includes("unverified"),
      30_000,
    );
    expect(rig.scene.roles.worker().running()).toBe(true);
    expect(rig.scene.roles.bot().running()).toBe(true);
    // The alarm keeps the target until somebody has seen it; another one is free.
    expect(await query(stack, "select 1 from alarms where run_id = $1", [runId])).toHaveLength(1);
  });
});
