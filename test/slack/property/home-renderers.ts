import { historyOf } from "../../../src/findings/comparison/history.ts";
import { pairOf } from "../../../src/findings/comparison/pair.ts";
import type { PastRun } from "../../../src/findings/comparison/past-run.ts";
import { lastResults } from "../../../src/findings/comparison/trend.ts";
import type { Role } from "../../../src/run/overview/overview.ts";
import { topics } from "../../../src/slack/help/topics.ts";
import { escapeText } from "../../../src/slack/limits.ts";
import type { Verb } from "../../../src/slack/verb.ts";
import { renderComparison } from "../../../src/slack/views/compare.ts";
import * as history from "../../../src/slack/views/history.ts";
import { pictureComment, pictureFailed } from "../../../src/slack/views/picture.ts";
import { buttonRow } from "../../../src/slack/views/button.ts";
import { helpOverview, helpPage } from "../../../src/slack/views/help.ts";
import { renderAppHome, type HomePage } from "../../../src/slack/views/home/app-home.ts";
import { renderHere } from "../../../src/slack/views/home/here.ts";
import * as lines from "../../../src/slack/views/home/lines.ts";
import { resultBlocks, resultLine } from "../../../src/slack/views/home/results.ts";
import { runDetails } from "../../../src/slack/views/home/run-details.ts";
import { scheduleDetails } from "../../../src/slack/views/home/schedule-details.ts";
import { reasonText, waitingPick } from "../../../src/slack/views/home/waiting-pick.ts";
import { pickMessage } from "../../../src/slack/views/pick.ts";
import type { Entry, Hostile } from "./renderers.ts";

/** Nothing at all and everything, in every halt. */
export function homePages({ overviews, standings, alarms, schedules, pastRuns }: Hostile): HomePage[] {
  return overviews.flatMap((overview) =>
    [null, ...standings].map((standing) => {
      const isEmpty = overview.waiting.length === 0;
      return {
        overview,
        standing,
        alarms: isEmpty ? [] : alarms,
        schedules: isEmpty ? [] : schedules,
        results: isEmpty ? [] : lastResults(pastRuns),
        command: "/chaos",
      };
    }),
  );
}

const verbOf = (text: string): Verb => ({
  name: text,
  aliases: [text],
  usage: text,
  summary: text,
  examples: [text],
  run: () => Promise.reject(new Error("never run here")),
});

const abortedOf = (runs: readonly PastRun[]): PastRun[] => runs.filter(({ verdicts }) => verdicts?.run === "aborted");

/** What `/chaos`, the App Home, `help` and the questions which one is meant are made of. */
export const homeRenderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  "views/button.ts": {
    buttonRow: ({ text }) => [
      ...buttonRow("b", []),
      ...buttonRow("b", [
        { action: "a", text, value: "run-1" },
        { action: "a", text, value: "run-2", style: "danger", confirm: text },
      ]),
      ...buttonRow(
        "c",
        Array.from({ length: 40 }, () => ({ action: "a", text, value: "run-1" })),
      ),
    ],
  },
  "views/help.ts": {
    helpOverview: ({ text }) => helpOverview([verbOf(text), verbOf("run")], topics, "/chaos"),
    helpPage: ({ text }) => [
      helpPage({ verb: verbOf(text), topic: undefined }, "/chaos"),
      ...topics.map((topic) => helpPage({ verb: undefined, topic }, "/chaos")),
    ],
  },
  "views/home/app-home.ts": { renderAppHome: (given) => homePages(given).map(renderAppHome) },
  "views/home/here.ts": {
    renderHere: (given) =>
      homePages(given).flatMap((page) =>
        [true, false].map((isFirstDay) =>
          renderHere({ ...page, channelId: "C1", isFirstDay, verbs: ["actions", "gameday"] }),
        ),
      ),
  },
  "views/home/lines.ts": {
    waitingLine: ({ overviews }) => overviews.flatMap(({ waiting }) => waiting.map(lines.waitingLine)),
    runningLine: ({ runs }) => runs.map(lines.runningLine),
    targetText: ({ runs }) => runs.map(({ plan }) => lines.targetText(plan)),
    waitingButtons: ({ overviews }) =>
      overviews.flatMap(({ waiting }) =>
        waiting.flatMap((one) => [
          ...buttonRow("b", lines.waitingButtons(one, "home")),
          ...buttonRow("b", lines.waitingButtons(one, "message")),
        ]),
      ),
    approveQuestion: "helps others",
    stopButton: ({ runs }) => runs.flatMap((run) => buttonRow("b", lines.stopButton(run, "home"))),
    detailsButton: ({ runs }) => runs.flatMap((run) => buttonRow("b", [lines.detailsButton(run)])),
  },
  "views/home/results.ts": {
    resultBlocks: ({ pastRuns }) => resultBlocks(lastResults(pastRuns)),
    resultLine: ({ pastRuns }) => lastResults(pastRuns).flatMap(({ results }) => results.map(resultLine)),
    resultIcon: "helps others",
    verdictWord: "helps others",
  },
  "views/history.ts": {
    renderHistory: ({ pastRuns, text }) =>
      [historyOf(text, pastRuns), historyOf(text, pastRuns.slice(0, 1)), historyOf(text, abortedOf(pastRuns))].map(
        (each) => history.renderHistory(each, { typed: "redis-failover", command: "/chaos" }),
      ),
    whichRuns: ({ pastRuns }) => history.whichRuns(historyOf("e", pastRuns)),
    trendLines: ({ pastRuns }) => history.trendLines(historyOf("e", pastRuns)),
    pointLine: ({ pastRuns }) => historyOf("e", pastRuns).points.map(history.pointLine),
    pastRunLine: ({ pastRuns }) => pastRuns.map(history.pastRunLine),
    renderHistoryChoice: ({ pastRuns }) => [
      history.renderHistoryChoice([], "/chaos"),
      history.renderHistoryChoice(
        pastRuns.map(({ experiment, endedAt }, runs) => ({ experiment, runs, lastEndedAt: endedAt })),
        "/chaos",
      ),
    ],
    renderNoHistory: ({ text }) =>
      [[], [text, text]].map((elsewhere) =>
        history.renderNoHistory({ experiment: text, cluster: text, elsewhere }, "/chaos"),
      ),
  },
  "views/compare.ts": {
    renderComparison: ({ report, pastRuns, text }) => {
      const bare = {
        ...report,
        measures: [],
        findings: [],
        settings: [],
        run: { ...report.run, parameters: {}, cluster: text },
      };
      return [pairOf(report, report, pastRuns), pairOf(bare, report, []), pairOf(report, bare, [])].map((pair) =>
        renderComparison(pair, "/chaos"),
      );
    },
  },
  "views/picture.ts": {
    pictureComment: ({ pastRuns, text }) => pictureComment(historyOf(text, pastRuns)),
    pictureFailed: ({ pastRuns, text }) => [pictureFailed(null), pictureFailed(historyOf(text, pastRuns))],
  },
  "views/home/run-details.ts": {
    runDetails: ({ runs, events, overviews }) =>
      runs.flatMap((run) => [
        runDetails(run, [], null),
        ...overviews.flatMap(({ waiting }) => waiting.slice(0, 2).map((one) => runDetails(run, events, one))),
      ]),
  },
  "views/home/schedule-details.ts": {
    scheduleDetails: ({ schedules, overviews }) =>
      schedules.flatMap((schedule) => [
        scheduleDetails(schedule, null),
        ...overviews.flatMap(({ waiting }) => waiting.slice(0, 2).map((one) => scheduleDetails(schedule, one))),
      ]),
  },
  "views/home/waiting-pick.ts": {
    waitingPick: ({ overviews, text }) =>
      overviews.flatMap(({ waiting }) =>
        [["decide"], []].map((fits) =>
          waitingPick(
            waiting,
            { fits: fits as Role[], without: "pick-deny" },
            { question: "q", none: "n", hint: escapeText(text) },
          ),
        ),
      ),
    reasonText: ({ overviews }) => overviews.flatMap(({ waiting }) => waiting.map(reasonText)),
  },
  "views/pick.ts": {
    pickMessage: ({ text }) =>
      [1, 2, 9].map((count) =>
        pickMessage(
          "q",
          Array.from({ length: count }, (_u, at) => ({
            line: escapeText(text),
            buttons: Array.from({ length: count }, (_v, number) => ({
              action: "a",
              text,
              value: `run-${at}-${number}`,
            })),
          })),
          "hint",
        ),
      ),
  },
};
