import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cardOf, untilMessage } from "../../src/embedded/run-drive.ts";
import { personAt, wordsOf, type Person } from "../support/modals.ts";
import type { ShownView } from "../support/slack-gate/interactions.ts";
import {
  alice,
  approve,
  eventsOf,
  query,
  startTestStack,
  untilState,
  waitFor,
  type TestStack,
} from "../support/stack.ts";

const says =
  (pattern: RegExp) =>
  (view: ShownView): boolean =>
    pattern.test(wordsOf(view));

describe.skipIf(process.getuid?.() !== 0)("/chaos run alone: a form, its plan, a run", () => {
  let stack: TestStack;
  let person: Person;
  beforeAll(async () => {
    stack = await startTestStack();
    person = personAt(stack, alice);
  });
  afterAll(() => stack?.stop());

  it("resolves real pods, asks for exactly what was seen, and runs when somebody else has approved", async () => {
    await person.type("run");
    await person.untilModal(says(/When an experiment is picked/));
    await person.enter("Experiment", "redis-split-brain");
    // The lab starts Redis when somebody first asks for it: the form is open before the plan is there.
    const waiting = await person.untilModal(says(/Resolving targets…|Blast radius/));
    expect(waiting.fields.map(({ label }) => label)).toEqual(expect.arrayContaining(["Profile", "duration", "rate"]));
    await person.enter("duration", "6s");
    await person.enter("baseline", "3s");
    await person.enter("recovery", "30s");
    await person.untilModal(says(/Blast radius/), 60_000);
    // What was typed since is not what that plan is of: it is shown first.
    expect(await person.submit()).toBe("updated");
    const planned = await person.untilModal(says(/another plan than you saw/), 60_000);
    expect(wordsOf(planned)).toMatch(/1 pod in lab\/cache gets a fault: redis-\d\n/);
    expect(wordsOf(planned)).toMatch(/redis-\d takes the writes now/);
    expect(wordsOf(planned)).toMatch(/cut off from what is hit: (redis(-sentinel)?-\d(, )?){5}\n/);
    expect(wordsOf(planned)).toMatch(/You may ask for it[\s\S]*1 of <@U0BOB>/);
    // Closed, or "Working…" where the cluster is slow.
    expect(await person.submit()).toMatch(/closed|updated/);
    const runs = await waitFor(
      () =>
        query<{ id: string; digest: string; requested_by: string }>(
          stack,
          "select id, plan_digest as digest, requested_by from runs",
        ),
      (rows) => rows.length > 0,
      60_000,
    );
    expect(runs).toMatchObject([{ requested_by: alice }]);
    const [run] = runs;
    if (run === undefined) throw new Error("no run");
    expect(wordsOf(planned)).toContain(`plan \`${run.digest.slice(0, 12)}\``);
    const card = await untilMessage(stack.slack, (message, all) => cardOf(all, run.id)?.ts === message.ts, 15_000);
    await approve(stack, card);
    await untilState(stack, run.id, ["completed"], 120_000);
    const events = await eventsOf(stack, run.id);
    // What was shown is what was hit.
    const shown = /gets a fault: (redis-\d)/.exec(wordsOf(planned))?.[1];
    expect(events.find((event) => event.type === "fault-intended")).toMatchObject({
      pods: expect.arrayContaining([shown]),
    });
    expect(events.some((event) => event.type === "fault-injected")).toBe(true);
    expect(events.some((event) => event.type === "judged")).toBe(true);
  }, 240_000);
});
