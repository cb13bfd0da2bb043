import type { ProbeStatus } from "../../probes/system.ts";
import type { RunState } from "../../run/lifecycle.ts";
import { content, escapeText, fields, note, section, type MessageContent } from "../limits.ts";
import { count, seconds, stateWords } from "./words.ts";

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The live picture of the probes: one message, edited about once a second. */
export function renderLive(status: ProbeStatus, phase: RunState): MessageContent {
  const rows = status.clients.map((client) => {
    const latency = client.p50Ms === null ? "latency unknown" : `p50 ${ms(client.p50Ms)}, p99 ${ms(client.p99Ms)}`;
    return [
      `${escapeText(client.client)} (${client.kind}s) → ${escapeText(client.member ?? "no connection")}`,
      `\`${sparkline(client.okRatio)}\`\n${count(client.ok)} ok, ${count(client.fail)} fail, ${count(client.unknown)} unknown\n${client.okPerSecond}/s ok, ${latency}`,
    ] as const;
  });
  const words = stateWords[phase];
  return content(`Probes at ${seconds(status.atMs)}: ${words.text}`, [
    section(`${words.icon} *Probes at ${seconds(status.atMs)} of the run* · ${words.text}`),
    fields(rows),
    note("One bar a second: the share of operations that were ok; `✗` none was, `·` none was due"),
  ]);
}

/** `█` all ok … `▁` few; `✗` none; `·` nothing due. */
export function sparkline(ratios: ReadonlyArray<number | null>): string {
  return ratios
    .slice(-40)
    .map((ratio) => (ratio === null ? "·" : ratio === 0 ? "✗" : (bars[Math.min(7, Math.floor(ratio * 8))] ?? "█")))
    .join("");
}

function ms(value: number | null): string {
  return value === null ? "unknown" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
