import type { KnownBlock } from "@slack/types";
import type { PastRun } from "../../../findings/comparison/past-run.ts";
import { figureBars, trendText } from "../../../findings/comparison/trend-text.ts";
import type { ExperimentResult, FigureTrend, SystemResults } from "../../../findings/comparison/trend.ts";
import { escapeText, note, section } from "../../limits.ts";
import { buttonRow } from "../button.ts";
import { readerTime } from "../reader-time.ts";

/** Systems, and experiments of each; what was run longer ago is in the history. */
const mostSystems = 9;
const mostExperiments = 3;
/** Experiments whose history is one click away. */
const mostHistories = 5;

/** The last results by system, each with its verdict, the ones before it, and where its figures stand among them. */
export function resultBlocks(systems: readonly SystemResults[]): KnownBlock[] {
  const shown = systems.slice(0, mostSystems).map(({ system, results }) => {
    const lines = results.slice(0, mostExperiments).map(resultLine);
    const more = results.length - lines.length;
    return section(
      [`*${escapeText(system)}*`, ...lines, ...(more > 0 ? [`… and ${more} more experiments`] : [])].join("\n"),
    );
  });
  const left = systems.length - shown.length;
  const experiments = [...new Set(systems.flatMap(({ results }) => results.map(({ experiment }) => experiment)))];
  return [
    ...shown,
    ...(left > 0 ? [note(`… and ${left} more systems`)] : []),
    ...buttonRow(
      "histories",
      experiments
        .slice(0, mostHistories)
        .map((experiment) => ({ action: "open", text: `History of ${experiment}`, value: `history ${experiment}` })),
    ),
  ];
}

/** One experiment on one target: symbol and word, so that colour alone says nothing. */
export function resultLine({ experiment, cluster, namespace, last, recent, trends }: ExperimentResult): string {
  const target = escapeText(`${cluster}/${namespace}`);
  const first = `${resultIcon(last)} *${escapeText(experiment)}* on ${target}: ${verdictWord(last)}, ${last.runId} ${readerTime(last.endedAt)}`;
  const before = recent.slice(1).map(verdictWord);
  const rest = [
    ...(before.length === 0 ? [] : [`before it: ${before.join(", ")}`]),
    ...trends.filter(isWorthAWord).map(trendInShort),
  ];
  return rest.length === 0 ? first : `${first}\n      ${rest.join(" · ")}`;
}

/** With its values as little bars in front, the oldest first, as soon as there are three. */
function trendInShort(trend: FigureTrend): string {
  const { earlier, now } = trend;
  return earlier.length < 2 ? trendText(trend) : `\`${figureBars([...earlier, now])}\` ${trendText(trend)}`;
}

/** How much slower it was is told only when that is not as usual; what was not observed is not told at all. */
function isWorthAWord({ figure, standing, now }: FigureTrend): boolean {
  if (now === null) return false;
  return figure !== "slowDown" || standing === "worse" || standing === "better";
}

/** `refuted`, or how it ended where it did not complete; an unverified cleanup is always said. */
export function verdictWord({ verdicts }: PastRun): string {
  if (verdicts === null) return "no result that can be read";
  const word = verdicts.run === "completed" ? verdicts.hypothesis : verdicts.run;
  return verdicts.cleanup === "verified" ? word : `${word} (cleanup unverified)`;
}

const icons = { held: ":white_check_mark:", refuted: ":x:", inconclusive: ":grey_question:" } as const;

/** The symbol of a verdict, or of how a run ended. */
export function resultIcon({ verdicts }: PastRun): string {
  if (verdicts === null) return ":grey_question:";
  if (verdicts.cleanup === "unverified") return ":rotating_light:";
  return verdicts.run === "completed" ? icons[verdicts.hypothesis] : ":octagonal_sign:";
}
