import { changeText } from "../../findings/comparison/rule.ts";
import { usualLine } from "../../findings/comparison/usual-text.ts";
import { rangeText } from "../../findings/expectations/markdown.ts";
import { times } from "../../findings/latency-markdown.ts";
import type { Report } from "../../findings/report.ts";
import { seconds } from "../../findings/words.ts";

/** What puts a run's figures in their place, a line each: the last run, what is claimed, how much slower it was. */
export function contextLines(report: Report): string[] {
  const usual = report.usual === undefined ? null : usualLine(report.usual);
  return [comparisonLine(report), usual, claimLine(report), slowDownLine(report)].filter((line) => line !== null);
}

function comparisonLine({ comparison, writes }: Report): string | null {
  if (comparison === null) {
    return writes.total.attempted === 0 ? null : "There is no earlier run of this experiment here to compare with.";
  }
  const { run, rows, parameters } = comparison;
  const of = (change: (typeof rows)[number]["change"]) => rows.filter((row) => row.change === change);
  const [worse, better] = [of("worse"), of("better")];
  const [first = better[0]] = worse;
  const counts = [
    ...(worse.length === 0 ? [] : [`${worse.length} worse`]),
    ...(better.length === 0 ? [] : [`${better.length} better`]),
    `${of("none").length} as before`,
  ].join(", ");
  const differing =
    parameters.length === 0
      ? ""
      : ` (it had ${parameters.map(({ name, before, now }) => `${name} ${before ?? "not there"}, not ${now ?? "there"}`).join(", ")})`;
  return `Compared with ${run}${differing}: ${counts}${first === undefined ? "" : `; ${changeText(first, run)}`}`;
}

function claimLine({ recoveryTimes, run }: Report): string | null {
  const own = recoveryTimes.find(({ measured }) => measured?.run === run.id);
  if (own === undefined || own.measured === null || own.claim === null) return null;
  const { title, claim, measured } = own;
  return `Claimed for ${title}: ${rangeText(claim)}; measured: ${seconds(measured.valueMs)}, ${measured.place ?? "not placed"}${measured.place === "inside" ? "" : " than that"}`;
}

/** The write client that was slowed most, by its median; nothing when none was slowed twofold. */
function slowDownLine({ slowDowns, writes }: Report): string | null {
  const [worst] = slowDowns
    .filter(({ client, stretch, p50 }) => stretch === "fault" && client in writes.byClient && (p50 ?? 0) >= 2)
    .toSorted((a, b) => (b.p50 ?? 0) - (a.p50 ?? 0));
  if (worst === undefined) return null;
  const { client, p50, p99, count, baselineCount } = worst;
  const tail = p99 === null ? "" : `, p99 ${times(p99, 1)}`;
  return `Writes of ${client} took longer during the fault: p50 ${times(p50, 1)}${tail} (of ${count} acknowledged; ${baselineCount} in the baseline)`;
}
