import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stack } from "../../src/embedded/stack.ts";
import { findBrowser, launchBrowser } from "../support/browser.ts";
import { quick, startTestStack } from "../support/stack.ts";

const executable = findBrowser();
/** Set to keep the screenshots. */
const screenshots = process.env["SCREENSHOT_DIR"];

// Without root there is no lab; without a browser (see deploy/system-packages.sh) nothing to look with.
describe.skipIf(executable === undefined || process.getuid?.() !== 0)("the local Slack page, by hand", () => {
  let stack: Stack;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startTestStack(), launchBrowser(executable ?? "")]);
    page = await browser.newPage({ viewport: { width: 1500, height: 1100 } });
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });
  const picture = async (name: string): Promise<void> => {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`) });
  };

  it("asks, approves as another person, follows the thread, and ends with the chart", async () => {
    await page.goto(stack.slack.url);
    const composer = page.locator("textarea.composer-input").first();
    await composer.fill(`/chaos run redis-split-brain ${quick}`);
    await composer.press("Enter");
    await page.getByText("waiting for approval").first().waitFor({ timeout: 15_000 });
    await picture("1-requested");

    await page.getByLabel("Act as").selectOption("U0BOB");
    await page.getByRole("button", { name: "Approve", exact: true }).first().click();
    await page.getByText("measuring the baseline").first().waitFor({ timeout: 15_000 });
    await page
      .getByText(/\d+ repl(y|ies)/)
      .first()
      .click();
    await page.getByText("Fault active").first().waitFor({ timeout: 20_000 });
    await page.getByText("Probes at", { exact: false }).first().waitFor({ timeout: 10_000 });
    await picture("2-active");

    // What the verdict is, split-brain.test.ts asserts; a machine that is busy with other work may make it inconclusive.
    await page
      .getByText(/Hypothesis (refuted|inconclusive)\./)
      .first()
      .waitFor({ timeout: 90_000 });
    const chart = page.locator('img[alt*="chart"], img[src*="chart.png"], img[src*="/files"]').first();
    await chart.waitFor({ timeout: 15_000 });
    await expect
      .poll(() => chart.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1920);
    await chart.scrollIntoViewIfNeeded();
    await picture("3-chart");
    await page.getByText("Findings of run-").first().scrollIntoViewIfNeeded();
    await picture("4-summary");
    // The card has its last word, and no button any more.
    await expect.poll(() => page.getByRole("button", { name: "Stop", exact: true }).count()).toBe(0);
    expect(await page.locator(".messages").first().innerText()).toContain("completed");
  }, 180_000);
});
