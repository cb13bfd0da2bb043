import type { Figures } from "../store/figures.ts";
import type { Sample, stored } from "./definitions.ts";

/** Series of what PostgreSQL said. */
export function storedSamples(figures: Figures): Array<Sample<keyof typeof stored>> {
  const of = (metric: keyof typeof stored, rows: ReadonlyArray<{ value: number }>) =>
    rows.map(({ value, ...labels }) => ({ metric, labels: labels as Readonly<Record<string, string>>, value }));
  const present = figures.present.map(({ ageSeconds, plannedSeconds, ...fault }) => ({
    fault,
    ageSeconds,
    plannedSeconds,
  }));
  return [
    ...of("runs", figures.runs),
    ...of("ended", figures.ended),
    ...of("phase", figures.phases),
    ...of("faults", figures.faults),
    ...of(
      "faultAge",
      present.map(({ fault, ageSeconds }) => ({ ...fault, value: ageSeconds })),
    ),
    ...of(
      "faultPlanned",
      present.map(({ fault, plannedSeconds }) => ({ ...fault, value: plannedSeconds })),
    ),
    ...of("alarms", figures.alarms),
    ...of("halted", [{ value: figures.halted ? 1 : 0 }]),
    ...of("outboxMessages", [{ value: figures.outbox.messages }]),
    ...of("outboxOldest", [{ value: figures.outbox.oldestSeconds }]),
  ];
}
