import { describe, expect, it } from "vitest";
import { drawDates, withTexts } from "../../support/slack-gate/draw-dates.ts";

const now = new Date("2026-11-25T12:00:00Z");
const at = (iso: string): string => `<!date^${Date.parse(iso) / 1000}^{date_short_pretty} at {time}|the fallback>`;

describe("dates on local-slack's page", () => {
  it.each([
    ["2026-11-25T10:05:00Z", "today at 10:05 UTC"],
    ["2026-11-24T23:59:00Z", "yesterday at 23:59 UTC"],
    ["2026-11-26T00:00:00Z", "tomorrow at 00:00 UTC"],
    ["2026-12-10T06:00:00Z", "Dec 10, 2026 at 06:00 UTC"],
  ])("are drawn as Slack draws %s", (iso, drawn) => {
    expect(drawDates(`until ${at(iso)}.`, now)).toBe(`until ${drawn}.`);
  });
  it("show their fallback for a format that is not known here", () => {
    expect(drawDates("<!date^1^{ago}|long ago>", now)).toBe("long ago");
  });
  it.each([
    ["application/x-www-form-urlencoded", new URLSearchParams({ text: at("2026-11-25T10:05:00Z") }).toString()],
    ["application/json; charset=utf-8", JSON.stringify({ text: at("2026-11-25T10:05:00Z") })],
  ])("are found in a call sent as %s", (type, body) => {
    const headers = { "content-type": type };
    const call = { method: "chat.postMessage", form: new URLSearchParams(), atMs: 0, headers, body: Buffer.from(body) };
    const changed = withTexts(call, (text) => drawDates(text, now)).body.toString();
    expect(changed.replaceAll("+", " ").replaceAll("%3A", ":")).toContain("today at 10:05 UTC");
  });
});
