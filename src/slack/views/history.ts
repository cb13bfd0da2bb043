import type { KnownBlock } from "@slack/types";
import {
  figureWords,
  figuresSeen,
  type ExperimentHistory,
  type HistoryPoint,
} from "../../findings/comparison/history.ts";
import type { PastRun } from "../../findings/comparison/past-run.ts";
import { figureBars, trendText } from "../../findings/comparison/trend-text.ts";
import { counted } from "../../findings/words.ts";
import type { PastExperiment } from "../../run/past/service.ts";
import { content, divider, escapeText, header, note, section, type MessageContent } from "../limits.ts";
import { buttonRow, type ButtonText } from "./button.ts";
import { resultIcon, verdictWord } from "./home/results.ts";
import { mostChoices } from "./pick.ts";
import { readerTime } from "./reader-time.ts";

/** What was asked for, so that buttons can ask for it again. */
export interface HistoryAsked {
  /** As it would be typed after the verb: `redis-failover cluster=lab`. */
  typed: string;
  command: string;
}

/** Runs of one section; a section takes 3,000 characters. */
const perSection = 8;

/**
 * The runs of an experiment, the newest first, with where its figures stand and what can be done: for one person. The
 * picture is not here: Slack shows files to a whole channel or not at all, and a channel should not get a picture because
 * somebody looked something up. So the trend is shown in letters, and a button posts the picture for everybody.
 */
export function renderHistory(history: ExperimentHistory, { typed, command }: HistoryAsked): MessageContent {
  const { experiment, points } = history;
  const newestFirst = points.toReversed();
  const title = `History of ${escapeText(experiment)}`;
  const sections = Array.from({ length: Math.ceil(newestFirst.length / perSection) }, (_u, at) =>
    section(
      newestFirst
        .slice(at * perSection, (at + 1) * perSection)
        .map(pointLine)
        .join("\n"),
    ),
  );
  const buttons: ButtonText[] = newestFirst
    .slice(0, mostChoices)
    .map(({ run }) => ({ action: "open", text: run.runId, value: `findings ${run.runId}` }));
  return content([title, ...trendLines(history)].join("\n"), [
    header(`History of ${experiment}`),
    section([whichRuns(history), ...trendLines(history)].join("\n")),
    ...nextButtons(history, typed),
    divider,
    ...sections,
    ...buttonRow("findings", buttons),
    note(
      `Only comparable runs are compared: same parameters, target and version, and both conclusive · \`${command} compare RUN RUN\` puts two side by side`,
    ),
  ]);
}

function nextButtons({ points }: ExperimentHistory, typed: string): KnownBlock[] {
  const [newest, before] = points.toReversed();
  return buttonRow("next", [
    { action: "share-history", text: "Share chart in channel", value: typed, style: "primary" },
    ...(newest === undefined || before === undefined
      ? []
      : [
          {
            action: "open",
            text: "Compare the last two",
            value: `compare ${before.run.runId} ${newest.run.runId}`,
          },
        ]),
  ]);
}

/** `12 runs on lab/cache, 9 of them comparable (rate 100, duration 15s; redis_version 7.0.15)`. */
export function whichRuns({ points, reference }: ExperimentHistory): string {
  const comparable = points.filter(({ kind }) => kind === "comparable").length;
  if (reference === null) return `*${counted(points.length, "run")}*, and none came to a conclusion.`;
  const { cluster, namespace, parameters, version } = reference;
  const given = Object.entries(parameters).map(([name, value]) => `${name} ${String(value)}`);
  const same = [...(given.length === 0 ? [] : [given.join(", ")]), ...(version === null ? [] : [version])].join("; ");
  const how = same === "" ? "" : ` (${escapeText(same)})`;
  return `*${counted(points.length, "run")}*, ${comparable === points.length ? "all" : comparable} of them comparable with the newest${how}, on ${escapeText(`${cluster}/${namespace}`)}.`;
}

/** A line for each figure: its values as little bars, the oldest first, and where the newest stands. */
export function trendLines(history: ExperimentHistory): string[] {
  const comparable = history.points.filter(({ kind }) => kind === "comparable");
  return figuresSeen(history).flatMap((figure) => {
    const trend = history.trends.find((one) => one.figure === figure);
    if (trend === undefined) return [];
    const values = comparable.map(({ run }) => run.figures[figure]);
    return [`\`${figureBars(values)}\` ${escapeText(trendText(trend))}`];
  });
}

/** One run in a line, and why it is not held against the others. */
export function pointLine({ run, kind, why }: HistoryPoint): string {
  return `${pastRunLine(run)}${kind === "other" && why !== null ? ` · _not comparable: ${escapeText(why)}_` : ""}`;
}

/** One run in a line: when it ended, its verdict, its figures. */
export function pastRunLine(run: PastRun): string {
  const words = [verdictWord(run), ...figureWords(run)].map(escapeText).join(" · ");
  return `${resultIcon(run)} *${escapeText(run.runId)}* ${readerTime(run.endedAt)} · ${words}`;
}

/** Which experiment is meant: those that have runs, the newest first. */
export function renderHistoryChoice(experiments: readonly PastExperiment[], command: string): MessageContent {
  if (experiments.length === 0) {
    const empty = "Nothing has run to its end here yet, so there is no history.";
    return content(empty, [
      section(empty),
      ...buttonRow("first", [{ action: "open", text: "Experiments", value: "list" }]),
      note(`\`${command} run\` asks for the first run`),
    ]);
  }
  const question = "The history of which experiment?";
  const lines = experiments.map(
    ({ experiment, runs, lastEndedAt }) =>
      `• \`${escapeText(experiment)}\`: ${counted(runs, "run")}, the last ended ${readerTime(lastEndedAt)}`,
  );
  return content(question, [
    section(`*${question}*`),
    section(lines.join("\n")),
    ...buttonRow(
      "experiments",
      experiments.map(({ experiment }) => ({ action: "open", text: experiment, value: `history ${experiment}` })),
    ),
    note(`\`${command} history NAME cluster=… last=20\``),
  ]);
}

/** An experiment that exists and has no run that ended, on the cluster that was asked for or anywhere. */
export function renderNoHistory(
  { experiment, cluster, elsewhere }: { experiment: string; cluster: string | undefined; elsewhere: readonly string[] },
  command: string,
): MessageContent {
  const where = cluster === undefined ? "" : ` on the cluster ${escapeText(cluster)}`;
  const text = `No run of ${escapeText(experiment)} has ended${where} yet.`;
  const hint =
    elsewhere.length === 0
      ? `\`${command} run ${escapeText(experiment)} --dry-run\` shows the exact targets, and touches nothing`
      : `There are runs on ${escapeText(elsewhere.join(", "))}`;
  return content(text, [
    section(text),
    ...buttonRow("next", [
      elsewhere.length === 0
        ? { action: "open", text: "Dry run: the exact targets", value: `run ${experiment} --dry-run` }
        : { action: "open", text: "All its runs", value: `history ${experiment}` },
    ]),
    note(hint),
  ]);
}
