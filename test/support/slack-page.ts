import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { untilMessage } from "../../src/embedded/run-drive.ts";
import { workspace, type LocalMessage, type LocalSlack } from "../../src/embedded/local-slack.ts";

/** People before local-slack's page: one browser, in which whoever acts is chosen above. */
export interface SlackPage {
  page: Page;
  /** Types `/chaos TEXT` as somebody; the answer that they alone see. */
  type(user: string, text: string): Promise<LocalMessage>;
  /** Clicks a button of a message; the last of that name, if there are several. */
  click(user: string, ts: string, button: string): Promise<void>;
  /** Fills in the form that a click has opened, its one text, and submits it. */
  submit(text: string, button: string): Promise<void>;
  /** A message of the channel or, where it is open, of the thread. */
  message(ts: string): Locator;
  /** Opens the thread of a message at the side. */
  openThread(ts: string): Promise<void>;
  closeThread(): Promise<void>;
  /** Keeps a picture of the App Home as somebody sees it, and goes back to the channel. */
  pictureHome(user: string, name: string): Promise<void>;
  /** Keeps a picture: of what is given, or of the whole page. Without SCREENSHOT_DIR none. */
  picture(name: string, of?: Locator): Promise<void>;
}

/** A message is not wider than this leaves it. */
const narrow = { width: 960, height: 1300 };
const wide = { width: 1500, height: 1300 };
const directory = process.env["SCREENSHOT_DIR"];

export async function openSlackPage(slack: LocalSlack, page: Page): Promise<SlackPage> {
  page.setDefaultTimeout(15_000);
  await page.setViewportSize(wide);
  await page.goto(slack.url);
  await page.locator(".composer-input").first().waitFor();
  const actAs = async (user: string): Promise<void> => {
    const select = page.getByLabel("Act as");
    if ((await select.inputValue()) === user) return;
    await select.selectOption(user);
    // Drawn anew; a click before that would still be of whoever acted before.
    const name = workspace.people.find(({ id }) => id === user)?.name ?? "";
    await page.locator(`.composer-input[placeholder*=" as ${name} "]`).first().waitFor();
  };
  const message = (ts: string): Locator => page.locator(`.msg[data-ts="${ts}"]`).last();
  return {
    page,
    message,
    type: async (user, text) => {
      const before = new Set((await slack.messages()).map(({ ts }) => ts));
      await actAs(user);
      const composer = page.locator(".composer-input").first();
      await composer.fill(`/chaos ${text}`);
      await composer.press("Enter");
      return untilMessage(slack, ({ ephemeral_to: to, ts }) => to === user && !before.has(ts), 45_000);
    },
    click: async (user, ts, button) => {
      await actAs(user);
      await page
        .locator(`.msg[data-ts="${ts}"]`)
        .first()
        .getByRole("button", { name: button, exact: true })
        .last()
        .click();
    },
    submit: async (text, button) => {
      const form = page.locator(".modal");
      await form.locator("textarea, input").first().fill(text);
      await form.getByRole("button", { name: button, exact: true }).click();
      await form.waitFor({ state: "detached" });
    },
    openThread: async (ts) => {
      await page.locator(`.messages .msg[data-ts="${ts}"] .thread-summary`).first().click();
    },
    closeThread: () => page.locator(".thread-x").click(),
    pictureHome: async (user, name) => {
      if (directory === undefined) return;
      await actAs(user);
      await page.getByText("🏠").first().click();
      // The bot draws it when it hears that it was opened; opened anew, it is there.
      await page.waitForTimeout(1500);
      await page.setViewportSize({ width: 1000, height: 620 });
      await page.screenshot({ path: join(directory, `${name}.png`) });
      await page.setViewportSize(wide);
      await page.locator(".sidebar-item", { hasText: "chaos" }).first().click();
      await page.locator(".composer-input").first().waitFor();
    },
    picture: async (name, of) => {
      if (directory === undefined) return;
      mkdirSync(directory, { recursive: true });
      const path = join(directory, `${name}.png`);
      // The page is drawn a moment after the message is there.
      await page.waitForTimeout(400);
      if (of === undefined) {
        await page.screenshot({ path });
        return;
      }
      await page.setViewportSize(narrow);
      await of.screenshot({ path });
      await page.setViewportSize(wide);
    },
  };
}
