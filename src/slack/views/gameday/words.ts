import type { ExpectedHypothesis, ExpectedLoss, RoleName, RunResult, VoteRule } from "../../../gameday/events.ts";
import type { ItemState, Phase } from "../../../gameday/state.ts";
import { escapeText } from "../../limits.ts";
import { escapeReason } from "../card.ts";

export const phaseWords: Readonly<Record<Phase, { icon: string; text: string }>> = {
  planned: { icon: ":calendar:", text: "planned" },
  open: { icon: ":large_green_circle:", text: "under way" },
  paused: { icon: ":double_vertical_bar:", text: "paused" },
  halted: { icon: ":octagonal_sign:", text: "halted" },
  ended: { icon: ":checkered_flag:", text: "ended" },
};

export const itemWords: Readonly<Record<ItemState, { icon: string; text: string }>> = {
  waiting: { icon: ":white_circle:", text: "not yet" },
  voting: { icon: ":ballot_box_with_ballot:", text: "go or no-go?" },
  go: { icon: ":green_circle:", text: "go" },
  "no-go": { icon: ":no_entry:", text: "no-go" },
  running: { icon: ":zap:", text: "on" },
  done: { icon: ":checkered_flag:", text: "done" },
  skipped: { icon: ":fast_forward:", text: "skipped" },
};

export const roleWords: Readonly<Record<RoleName, { title: string; duty: string }>> = {
  commander: { title: "Commander", duty: "decides what comes next, and when it stops" },
  operator: { title: "Operator", duty: "watches the system and its dashboards" },
  scribe: { title: "Scribe", duty: "writes down what people see and do" },
  observer: { title: "Observer", duty: "looks on, predicts and may stop everything" },
};

export const ruleWords: Readonly<Record<VoteRule, string>> = {
  commander: "the commander alone decides",
  roles: "commander, operators and scribe must all say go",
};

export const hypothesisWords: Readonly<Record<ExpectedHypothesis, string>> = {
  held: "holds",
  refuted: "is refuted",
  "no-idea": "no idea",
};

export const lossWords: Readonly<Record<ExpectedLoss, string>> = { none: "nothing lost", some: "writes lost" };

/** What came of a run, in a few words. */
export function resultText({ state, reason, verdicts, lost, guard }: RunResult): string {
  if (guard !== null && state !== "completed") {
    return `stopped by a guard before anything was injected: ${shortText(guard.title)} (${shortText(guard.measured)}, must be ${shortText(guard.bound)})`;
  }
  const why = reason === null ? "" : `: ${shortReason(reason)}`;
  if (verdicts === null) return `${state}${why}`;
  const losses =
    lost === null
      ? "lost writes not known"
      : lost === 0
        ? "no acknowledged write lost"
        : `${lost} acknowledged writes lost`;
  const cleanup = verdicts.cleanup === "verified" ? "cleanup verified" : ":rotating_light: cleanup UNVERIFIED";
  return `${state}${why}${why === "" ? ":" : /[.!?]$/.test(why) ? "" : "."} ${why === "" ? "hypothesis" : "Hypothesis"} *${verdicts.hypothesis}*, ${losses}, ${cleanup}`;
}

/** As `escapeReason`, which lets mentions of people through, for what fits into a line. */
function shortReason(reason: string): string {
  return reason.length <= 300 ? escapeReason(reason) : shortText(reason, 300);
}

/** A text of a person, cut to what a line holds. */
export function shortText(text: string, length = 200): string {
  const line = escapeText(text);
  return line.length <= length ? line : `${escapeText(text.slice(0, length))}…`;
}
