import { table } from "../markdown-table.ts";
import type { Report } from "../report.ts";
import { seconds } from "../words.ts";

/** Expected steps beside the measured ones; empty when nothing is expected. */
export function expectedMarkdown({ expected }: Pick<Report, "expected">): string {
  if (expected === null) return "";
  const rows = expected.steps.map(({ title, fromMs, toMs, measuredMs, place }) => [
    title,
    rangeText({ fromMs, toMs }),
    measuredMs === null ? "not observed" : seconds(measuredMs),
    place ?? "–",
  ]);
  return [
    table(["Step", "Expected", "Measured", ""], rows),
    `Counted from the fault. Source: ${expected.source}, for default settings; the settings that held here are listed below.`,
  ].join("\n\n");
}

/** Claimed against measured recovery times, one row a system. */
export function recoveryTimesMarkdown({ recoveryTimes, run }: Pick<Report, "recoveryTimes" | "run">): string {
  return table(
    ["System", "Claimed", "Measured", "", "By", "Note"],
    recoveryTimes.map(({ title, claim, measured, note }) => [
      title,
      claim === null ? "no claim" : rangeText(claim),
      measured === null ? "not measured" : seconds(measured.valueMs),
      measured?.place ?? "–",
      measured === null
        ? "–"
        : measured.run === run.id
          ? "this run"
          : `${measured.run}, ${measured.experiment}, ${measured.endedAt.slice(0, 10)}`,
      [note, claim?.source].filter((text) => text !== undefined).join("; "),
    ]),
  );
}

/** `15 to 30 s`, `5 s`. */
export function rangeText({ fromMs, toMs }: { fromMs: number; toMs: number }): string {
  return fromMs === toMs ? `${fromMs / 1000} s` : `${fromMs / 1000} to ${toMs / 1000} s`;
}
