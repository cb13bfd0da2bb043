import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../src/embedded/local-slack.ts";
import { ask, buttonsOf, untilMessage } from "../../src/embedded/run-drive.ts";
import { findBrowser, launchBrowser } from "../support/browser.ts";
import { personAt, wordsOf, type Person } from "../support/modals.ts";
import type { ShownView } from "../support/slack-gate/interactions.ts";
import { alice, bob, eventsOf, query, quick, startTestStack, untilState, type TestStack } from "../support/stack.ts";

const executable = findBrowser();
/** Set to keep pictures of the page. */
const screenshots = process.env["SCREENSHOT_DIR"];
const says =
  (pattern: RegExp) =>
  (view: ShownView): boolean =>
    pattern.test(wordsOf(view));

describe.skipIf(process.getuid?.() !== 0)("/chaos alone and the App Home, from request to result", () => {
  let stack: TestStack;
  let browser: Browser | undefined;
  let page: Page | undefined;
  let people: { alice: Person; bob: Person };
  beforeAll(async () => {
    stack = await startTestStack();
    people = { alice: personAt(stack, alice), bob: personAt(stack, bob) };
    if (screenshots === undefined || executable === undefined) return;
    browser = await launchBrowser(executable);
    page = await browser.newPage({ viewport: { width: 1300, height: 1200 } });
    await page.goto(stack.slack.url);
    await page.getByLabel("Act as").selectOption(bob);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  const picture = async (name: string, where: "channel" | "home"): Promise<void> => {
    if (page === undefined || screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    // What is clicked opens it anew, which draws what is there already.
    await page
      .getByText(where === "home" ? "🏠" : workspace.channel.name, { exact: where === "home" })
      .first()
      .click();
    await page.waitForTimeout(800);
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };

  it("says on the first day what to do", async () => {
    const answer = await ask(stack.slack, bob, "");
    expect(JSON.stringify(answer.blocks)).toContain("Nothing has run here yet");
    expect(buttonsOf(answer).map((button) => button["value"])).toContain("help getting-started");
    expect(wordsOf(await people.bob.openHome())).toContain("Nothing has run here yet");
    await picture("home-first-day", "home");
    await picture("chaos-first-day", "channel");
  });
  it("shows a request as it comes, and a click on Approve starts it; the page follows to its end", async () => {
    await people.bob.openHome();
    const said = await ask(stack.slack, alice, `run redis-split-brain ${quick}`);
    const id = /run-\d+/.exec(said.text ?? "")?.[0] ?? "";
    await people.bob.untilHome(says(/Waiting for your approval/));
    const here = await ask(stack.slack, bob, "");
    expect(here.text).toContain("1 waiting for your approval");
    expect(buttonsOf(here).map((button) => (button["text"] as { text: string }).text)).toContain(`Approve ${id}`);
    await picture("home-waiting", "home");
    await picture("chaos-waiting", "channel");
    await people.bob.click(`Approve ${id}`);
    await people.bob.untilHome(says(/Running now/));
    // It goes on in PostgreSQL, and the page is drawn again every five seconds.
    await people.bob.untilHome(says(/measuring the baseline|fault active|healing|proving the cleanup/));
    await picture("home-running", "home");
    await untilState(stack, id, ["completed"]);
    const done = await people.bob.untilHome(says(/Last results/));
    const judged = (await eventsOf(stack, id)).findLast((event) => event.type === "judged");
    if (judged?.type !== "judged") throw new Error("not judged");
    // What the verdict is, split-brain.test.ts asserts; here it must be the one of the report.
    expect(wordsOf(done)).toMatch(
      new RegExp(`redis-split-brain\\* on lab/cache: ${judged.report.verdicts.hypothesis}, ${id}`),
    );
    expect(wordsOf(done)).not.toContain("Running now");
    await picture("home-results", "home");
  }, 150_000);
  it("halts everything by its switch, which the channel is told, and lets go again", async () => {
    await people.alice.openHome();
    await people.alice.click("Halt everything");
    await people.alice.untilHome(says(/\*halted\* by <@U0ALICE>/));
    expect((await ask(stack.slack, bob, "run redis-split-brain")).text).toContain("halted");
    await untilMessage(
      stack.slack,
      ({ text, ephemeral_to: whom }) => whom === undefined && /^HALTED by (<@U0ALICE>|alice)/.test(text ?? ""),
      15_000,
    );
    await people.bob.openHome();
    await picture("home-halted", "home");
    await people.bob.untilHome(says(/Let runs start again/));
    await people.bob.click("Let runs start again");
    await people.bob.untilHome(says(/Halt everything/));
    expect(await query(stack, "select 1 from halts where resumed_at is null")).toEqual([]);
  }, 60_000);
});
