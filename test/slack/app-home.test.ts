import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import type { Actor } from "../../src/run/service.ts";
import { endedRun, moveRun, startHomeRig, type HomeRig } from "../support/home-rig.ts";
import { wordsOf } from "../support/modals.ts";
import type { ShownView } from "../support/slack-gate/interactions.ts";
import { waitFor } from "../support/stack.ts";

let rig: HomeRig;
beforeAll(async () => {
  rig = await startHomeRig();
  await rig.begin();
});
afterAll(async () => {
  await rig?.stop();
  expect(rig?.gate.gate.violations).toEqual([]);
});

const actor = (userId: string): Actor => ({ userId, teamId: workspace.teamId, channelId: workspace.channel.id });
const asks = async (experiment = "redis-split-brain"): Promise<string> =>
  (await rig.dispatch.service.request(actor("U0ALICE"), { experiment, parameters: {} })).id;
const says =
  (pattern: RegExp) =>
  (view: ShownView): boolean =>
    pattern.test(wordsOf(view));
const publishes = (user: string): number =>
  rig.gate.gate.calls.filter(({ method, form }) => method === "views.publish" && form.get("user_id") === user).length;
const stateOf = async (id: string): Promise<string> => (await rig.dispatch.service.find("", id)).state;

describe("the App Home", () => {
  it("tells on the first day what to do, and shows the first experiment over it", async () => {
    const { bob } = rig;
    const home = await bob.openHome();
    expect(wordsOf(home)).toMatch(/Runs may start\. Nothing runs now\.[\s\S]*Nothing has run here yet[\s\S]*--dry-run/);
    await bob.click("Getting started");
    expect(wordsOf(await bob.untilModal())).toMatch(/Your first experiment[\s\S]*\/chaos show redis-split-brain/);
    await bob.close();
  });
  it("follows while somebody looks: a request appears, is approved by a click, and runs", async () => {
    const { alice, bob } = rig;
    await Promise.all([alice.openHome(), bob.openHome()]);
    const id = await asks();
    const waiting = await bob.untilHome(says(/Waiting for your approval/));
    expect(wordsOf(waiting)).toMatch(new RegExp(`${id}\\* Redis[\\s\\S]*high risk`));
    const own = await alice.untilHome(says(/Waiting for somebody else/));
    expect(wordsOf(own)).toMatch(/You asked for it yourself/);
    expect(wordsOf(own)).not.toContain("Waiting for your approval");
    await bob.click(`Approve ${id}`);
    // Drawn anew at once for who clicked.
    expect(wordsOf(await bob.untilHome(says(/Running now/)))).toMatch(/approved, about to start/);
    await moveRun(rig.database, id, "preflight");
    await alice.untilHome(says(/checking guards/));
    await bob.untilHome(says(/checking guards/));
    await bob.click(`Stop ${id}`);
    await bob.untilHome(says(/<@U0BOB> asked to stop it/));
    await moveRun(rig.database, id, "aborted");
    await alice.untilHome((view) => !says(/Running now/)(view));
  }, 60_000);
  it("shows details over the page, with what may be done, and the page behind it is true afterwards", async () => {
    const { bob } = rig;
    const id = await asks();
    await bob.openHome();
    await bob.untilHome(says(new RegExp(id)));
    await bob.click("Details");
    expect(wordsOf(await bob.untilModal())).toMatch(/Hypothesis[\s\S]*Faults[\s\S]*plan `[0-9a-f]{12}`/);
    await bob.click(`Approve ${id}`);
    expect(wordsOf(await bob.untilModal(says(/approved and starts now/)))).toContain(id);
    await bob.close();
    await bob.untilHome(says(/Running now/));
    await moveRun(rig.database, id, "aborted");
  }, 60_000);
  it("says over the page why a click did nothing", async () => {
    const { bob } = rig;
    const id = await asks();
    await bob.openHome();
    await bob.untilHome(says(new RegExp(`Approve ${id}`)));
    // Bob clicks what he still sees: his page is drawn again after 2.5 s at the earliest.
    await rig.dispatch.service.deny(actor("U0ALICE"), id);
    await bob.click(`Approve ${id}`);
    expect(wordsOf(await bob.untilModal())).toContain(`${id} is denied`);
    await bob.close();
    // It is drawn anew with the click.
    await bob.untilHome((view) => !wordsOf(view).includes(id));
  }, 60_000);
  it("has the halt switch, which works both ways, and lifts no other halt than the one that was seen", async () => {
    const { alice, bob } = rig;
    await alice.openHome();
    await alice.untilHome(says(/Halt everything/));
    await alice.click("Halt everything");
    expect(wordsOf(await alice.untilHome(says(/\*halted\* by <@U0ALICE>/)))).not.toContain("Halt everything");
    // There is no channel that it was typed in: it is told where a run was asked for last.
    await waitFor(
      async () =>
        (await rig.gate.slack.messages()).filter(({ text }) => /^HALTED by (<@U0ALICE>|alice)/.test(text ?? "")),
      (told) => told.length === 1,
      10_000,
    );
    const home = await bob.openHome();
    expect(wordsOf(home)).toContain("Let runs start again");
    await rig.dispatch.halts.resume(actor("U0BOB"));
    await rig.dispatch.halts.halt(actor("U0ALICE"), "another");
    await expect(
      rig.dispatch.dispatcher.click("resume:0", "halt-1", { ...actor("U0BOB"), channelId: "" }),
    ).rejects.toMatchObject({ message: expect.stringContaining("Another halt") });
    await bob.openHome();
    await bob.untilHome(says(/another/));
    await bob.click("Let runs start again");
    await bob.untilHome(says(/Halt everything/));
    expect(await rig.dispatch.halts.current()).toBeNull();
  }, 60_000);
  it("shows the last results by system in words, with the ones before and where the figures stand", async () => {
    const figures = [3300, 3400, 3350, 3380, 9900];
    for (const [at, rtoMs] of figures.entries()) {
      await endedRun(rig.database, { rtoMs, lost: at === 4 ? 12 : 0, hypothesis: at === 4 ? "refuted" : "held" });
    }
    const home = await rig.bob.openHome();
    const shown = await rig.bob.untilHome(says(/Last results/));
    expect(wordsOf(shown)).toMatch(
      /redis-sentinel\*\n:x: \*redis-split-brain\* on lab\/cache: refuted, run-\d+[\s\S]*before it: held, held, held, held · `▃+█` RTO 9\.90 s, worse than usual/,
    );
    expect(home.blocks.length).toBeLessThanOrEqual(100);
  });
  it("is not drawn again while nothing changes, and for one person no more often than is meant", async () => {
    await rig.alice.openHome();
    const settled = await waitFor(
      async () => {
        const { rows } = await rig.database.query<{ count: number }>(
          "select count(*)::int as count from home_viewers where user_id = 'U0ALICE' and shown_state is not null and claimed_until is null",
        );
        return rows[0]?.count ?? 0;
      },
      (count) => count === 1,
      10_000,
    );
    expect(settled).toBe(1);
    const before = publishes("U0ALICE");
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(publishes("U0ALICE")).toBe(before);
    const ids: string[] = [];
    for (let at = 0; at < 8; at += 1) ids.push(await asks());
    await rig.alice.untilHome(says(/… and 3 more/));
    expect(publishes("U0ALICE") - before).toBeLessThanOrEqual(3);
    for (const id of ids) expect(await stateOf(id)).toBe("requested");
    for (const id of ids) await rig.dispatch.service.deny(actor("U0ALICE"), id);
  }, 60_000);
  it("is drawn by one of two bots, and again when Slack did not take it", async () => {
    const second = await rig.begin();
    await rig.alice.openHome();
    rig.gate.gate.misbehave({ method: "views.publish", verdict: { status: 500 } });
    const before = publishes("U0ALICE");
    const id = await asks();
    await rig.alice.untilHome(says(new RegExp(id)));
    // The one that failed, and the one that did not; a third where something else changed in between.
    expect(publishes("U0ALICE") - before).toBeLessThanOrEqual(3);
    expect(rig.lines.some((line) => line.includes("the App Home was not drawn"))).toBe(true);
    await second.stop();
    await rig.dispatch.service.deny(actor("U0ALICE"), id);
  }, 60_000);
});

describe("the App Home of somebody of another organisation", () => {
  let other: HomeRig;
  beforeAll(async () => {
    other = await startHomeRig();
    await other.begin("T0OTHER");
  });
  afterAll(() => other?.stop());
  it("shows nothing but that, and is not followed", async () => {
    await endedRun(other.database, { rtoMs: 1, lost: 0, hypothesis: "held" });
    const home = await other.bob.openHome();
    expect(wordsOf(home)).toContain("Only members of this workspace");
    expect(home.blocks).toHaveLength(1);
    expect(home.fields).toEqual([]);
    expect((await other.database.query("select 1 from home_viewers")).rowCount).toBe(0);
  });
});
