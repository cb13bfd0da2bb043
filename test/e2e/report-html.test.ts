import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildReport } from "../../src/findings/build-report.ts";
import { renderCharts } from "../../src/findings/chart/render-charts.ts";
import { reportHtml } from "../../src/findings/html/report-html.ts";
import { findBrowser, launchBrowser } from "../support/browser.ts";
import { splitBrain } from "../support/history-builder.ts";

const executable = findBrowser();
/** Set to keep the screenshots. */
const screenshots = process.env["SCREENSHOT_DIR"];
const hostile = `<img src="http://example.com/x.png"><script>document.title="taken"</script>`;

// Without a browser (see deploy/system-packages.sh) there is nothing to look with.
describe.skipIf(executable === undefined)("report.html in a browser", () => {
  let browser: Browser;
  let directory: string;
  let url: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "aftershock-report-"));
    const history = splitBrain();
    const report = buildReport({
      history,
      run: {
        id: "run-1",
        experiment: "redis-split-brain",
        title: "Redis Sentinel split brain",
        hypothesis: "No acknowledged write is lost.",
        state: "completed",
        system: "redis-sentinel",
        cluster: "lab",
        namespace: "cache",
        parameters: { rate: 100, note: "a-word-without-any-space-in-it-".repeat(6) },
        requestedBy: "U1",
        approvedBy: ["U2"],
        planDigest: "ab".repeat(32),
        startedAt: "2026-01-01T00:00:00.000Z",
        endedAt: "2026-01-01T00:01:00.000Z",
        reason: hostile,
      },
      runVerdict: "completed",
      cleanupVerdict: "verified",
      guards: [{ id: "one-master", ok: true, measured: hostile, bound: "one" }],
      cleanup: [{ what: "gone", ok: true, detail: "deleted" }],
    });
    const page = reportHtml(report, await renderCharts(history, report));
    const file = join(directory, "report.html");
    writeFileSync(file, page);
    url = pathToFileURL(file).href;
    browser = await launchBrowser(executable ?? "");
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  interface Seen {
    requests: string[];
    complaints: string[];
  }

  async function open(options: { width: number; colorScheme: "light" | "dark" }): Promise<{ page: Page; seen: Seen }> {
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme,
    });
    const seen: Seen = { requests: [], complaints: [] };
    page.on("request", (request) => {
      if (request.url() !== url && !request.url().startsWith("data:")) seen.requests.push(request.url());
    });
    page.on("console", (message) => seen.complaints.push(message.text()));
    page.on("pageerror", (error) => seen.complaints.push(String(error)));
    await page.goto(url, { waitUntil: "load" });
    return { page, seen };
  }

  it.each([
    { width: 1200, colorScheme: "light" as const },
    { width: 400, colorScheme: "dark" as const },
  ])("asks for nothing, complains of nothing and fits $width px in $colorScheme", async (options) => {
    const { page, seen } = await open(options);
    const found = await page.evaluate(() => {
      const { document: here } = globalThis as unknown as { document: PageDocument };
      return {
        title: here.title,
        width: here.documentElement.scrollWidth,
        ground: getComputedStyleOf(here.body),
        pictures: [...here.querySelectorAll("figure img")].map((image) => ({
          alt: image.alt.length,
          drawn: image.complete && image.naturalWidth > 0,
          source: image.currentSrc.slice(0, 26),
        })),
        broken: [...here.querySelectorAll("nav a")].filter(
          (link) => here.querySelector(link.getAttribute("href")) === null,
        ).length,
      };
      interface PageElement {
        alt: string;
        complete: boolean;
        naturalWidth: number;
        currentSrc: string;
        getAttribute(name: string): string;
      }
      interface PageDocument {
        title: string;
        body: object;
        documentElement: { scrollWidth: number };
        querySelector(selector: string): object | null;
        querySelectorAll(selector: string): Iterable<PageElement>;
      }
      function getComputedStyleOf(element: object): string {
        const read = globalThis as unknown as { getComputedStyle(of: object): { backgroundColor: string } };
        return read.getComputedStyle(element).backgroundColor;
      }
    });
    if (screenshots !== undefined) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: join(screenshots, `report-${options.width}.png`), fullPage: true });
    }
    expect(seen).toEqual({ requests: [], complaints: [] });
    expect(found.title).toBe("Redis Sentinel split brain: run-1");
    expect(found.width).toBeLessThanOrEqual(options.width);
    expect(found.ground).toBe(options.colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(26, 29, 33)");
    expect(found.pictures).toHaveLength(3);
    expect(found.pictures.every(({ alt, drawn }) => alt > 50 && drawn)).toBe(true);
    expect(found.broken).toBe(0);
    await page.close();
  });

  it("prints in light, whatever the reader's screen is", async () => {
    const { page, seen } = await open({ width: 1000, colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const ground = await page.evaluate(() => {
      const here = globalThis as unknown as {
        document: { body: object };
        getComputedStyle(of: object): { backgroundColor: string };
      };
      return here.getComputedStyle(here.document.body).backgroundColor;
    });
    expect(ground).toBe("rgb(255, 255, 255)");
    expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(20_000);
    expect(seen).toEqual({ requests: [], complaints: [] });
    await page.close();
  });
});
