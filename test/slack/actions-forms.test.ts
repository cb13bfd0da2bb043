import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { remindDue } from "../../src/run/actions/reminders.ts";
import { inTransaction } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertTestRun } from "../support/database.ts";
import { startHomeRig, type HomeRig } from "../support/home-rig.ts";
import { wordsOf } from "../support/modals.ts";
import { waitFor } from "../support/stack.ts";
import { samples } from "./property/samples.ts";

/** The form, the direct messages and the App Home through Slack's own protocol; what is refused there fails the file. */
let rig: HomeRig;
beforeAll(async () => {
  rig = await startHomeRig();
  await rig.begin();
});
afterAll(async () => {
  await rig?.stop();
  expect(rig?.gate.gate.violations).toEqual([]);
});

const channelId = workspace.channel.id;
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
/** What was posted anywhere but in the channel. */
const direct = (): string[] =>
  rig.gate.gate.calls.flatMap(({ method, form }) =>
    (method === "chat.postMessage" || method === "chat.update") && form.get("channel") !== channelId
      ? [`${method} ${form.get("text") ?? ""}`]
      : [],
  );

async function judgedRun(): Promise<string> {
  const id = await insertTestRun(rig.database, channelId);
  const report = { ...samples.report, run: { ...samples.report.run, id } };
  await inTransaction(rig.database, (client) => appendEvents(client, id, [{ type: "judged", report, artifacts: [] }]));
  return id;
}

describe("an action", () => {
  it("is added in the form, its owner is told in a direct message, reminded, and ends it in the App Home", async () => {
    const { alice, bob, database } = rig;
    const run = await judgedRun();
    const [, second] = samples.report.findings;
    await alice.type(`actions add ${run}`);
    await alice.untilModal((view) => view.title === "Add an action");
    await alice.enter("Which finding is it about?", "1");
    // The form is drawn anew with what that finding advises.
    await alice.untilModal((view) => wordsOf(view).includes(`[${second?.advice.slice(0, 30) ?? ""}`));
    await alice.enter("Who does it?", "U0BOB");
    await alice.enter("Due when?", day(2));
    await alice.submit();
    const open = () => rig.dispatch.actions.open({ owner: "U0BOB" }, 5);
    const { actions } = await waitFor(open, ({ count }) => count === 1, 15_000);
    expect(actions[0]).toMatchObject({ runId: run, dueOn: day(2), finding: { id: second?.id } });
    const id = actions[0]?.id ?? "";
    await waitFor(
      async () => direct(),
      (said) => said.some((each) => each.includes(`gave you ${id}`)),
      15_000,
    );

    await database.query("update actions set due_on = $2 where id = $1", [id, day(-3)]);
    expect(await remindDue(database)).toBe(1);
    await waitFor(
      async () => direct(),
      (said) => said.some((each) => each.includes(`${id} is due`)),
      15_000,
    );

    const home = await bob.openHome();
    expect(wordsOf(home)).toMatch(new RegExp(`Open actions[\\s\\S]*${id}[\\s\\S]*overdue`));
    await bob.click("Done");
    await bob.untilModal((view) => wordsOf(view).includes(`${id} is done`));
    await bob.close();
    await bob.untilHome((view) => !wordsOf(view).includes("Open actions"));
    // The messages stay true.
    await waitFor(
      async () => direct(),
      (said) => said.some((each) => each.startsWith("chat.update") && each.includes("Marked done")),
      15_000,
    );
    expect(rig.lines.filter((line) => line.includes("refused"))).toEqual([]);
  }, 90_000);
});
