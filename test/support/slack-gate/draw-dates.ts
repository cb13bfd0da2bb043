import type { RawCall } from "./call.ts";

/**
 * A date as Slack shows it, in UTC, which local-slack shows as it was sent (anchors: `<!date^seconds^format|fallback>`).
 * Only `{date_short_pretty}` and `{time}` are drawn, the two that the bot uses; any other format is shown by its fallback.
 */
export function drawDates(text: string, now: Date): string {
  return text.replace(
    /<!date\^(\d+)\^([^|>]*)\|([^>]*)>/g,
    (_all, seconds: string, format: string, fallback: string) => {
      const at = new Date(Number(seconds) * 1000);
      const drawn = format
        .replace("{date_short_pretty}", dayOf(at, now))
        .replace("{time}", at.toISOString().slice(11, 16));
      return drawn.includes("{") ? fallback : `${drawn} UTC`;
    },
  );
}

/** The call with its texts changed; a call with neither a form nor JSON (an upload) as it is. */
export function withTexts(call: RawCall, change: (text: string) => string): RawCall {
  const type = call.headers["content-type"] ?? "";
  const body = call.body.toString("utf8");
  if (type.startsWith("application/json")) return { ...call, body: Buffer.from(change(body)) };
  if (!type.startsWith("application/x-www-form-urlencoded")) return call;
  const form = new URLSearchParams(body);
  for (const [name, value] of form) form.set(name, change(value));
  return { ...call, body: Buffer.from(form.toString()) };
}

function dayOf(at: Date, now: Date): string {
  const days = Math.floor(at.getTime() / dayMs) - Math.floor(now.getTime() / dayMs);
  const near = ({ "-1": "yesterday", "0": "today", "1": "tomorrow" } as Record<string, string>)[String(days)];
  return (
    near ??
    new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", year: "numeric", timeZone: "UTC" }).format(at)
  );
}

const dayMs = 86_400_000;
