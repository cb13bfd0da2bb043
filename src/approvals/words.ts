import { endless, type Window } from "./windows.ts";
import type { LocalTime } from "./zones.ts";

/** `90000` → `1m30s`: as it would be typed. */
export function durationText(durationMs: number): string {
  const units: ReadonlyArray<readonly [string, number]> = [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ];
  let rest = Math.round(durationMs);
  const parts = units.flatMap(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount === 0 ? [] : [`${amount}${unit}`];
  });
  return parts.length === 0 ? "0ms" : parts.join("");
}

/** A moment in each reader's own zone, as Slack writes it in a text (docs.slack.dev, Date formatting); else in UTC. */
export function momentText(at: Date): string {
  if (at.getTime() === endless.getTime()) return "further notice";
  const fallback = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} at {time}|${fallback}>`;
}

const dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** When a window is, by the clocks of its zone: `Mon Tue Wed Thu 09:00 to 16:00 (Europe/Berlin)`. */
export function windowText(window: Window): string {
  if (window.kind === "once") {
    return `${localText(window.from)} to ${localText(window.until)} (${window.timeZone})`;
  }
  const days = window.days.map((day) => dayNames[day - 1] ?? "?").join(" ");
  const overnight = window.untilMinute <= window.fromMinute ? " the next day" : "";
  return `${days} ${clockText(window.fromMinute)} to ${clockText(window.untilMinute)}${overnight} (${window.timeZone})`;
}

function localText({ year, month, day, minute }: LocalTime): string {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")} ${clockText(minute)}`;
}

function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}
