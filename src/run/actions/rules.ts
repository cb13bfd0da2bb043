import { AftershockError } from "../../errors.ts";
import type { Finding } from "../../findings/report.ts";
import { redactSecrets } from "../../redact.ts";
import type { Action, ActionEventBody, FindingRef } from "./action.ts";
import { dayAfter, isDay, overdueFromMs } from "./due.ts";

/** As much as fits into one line of a list with its owner, day and run. */
export const longestTitle = 200;
export const longestWhy = 500;
const latestDueDays = 731;

/** On one line, without what looks like a secret. Throws AftershockError `bad_parameter`. */
export function checkTitle(typed: string): string {
  const title = redactSecrets(typed.replace(/\s+/g, " ").trim());
  if (title === "") {
    throw new AftershockError(
      "bad_parameter",
      "An action needs a title: what shall be done.",
      'For example: /chaos actions add run-12 "Set min-replicas-to-write to 1"',
    );
  }
  if (title.length > longestTitle) {
    throw new AftershockError(
      "bad_parameter",
      `The title has ${title.length} characters; at most ${longestTitle} are taken.`,
      "Say it in one line; the rest belongs into your own tracker.",
    );
  }
  return title;
}

/** Why it was done or dropped; null: nothing was said. */
export function checkWhy(typed: string | null): string | null {
  const why = redactSecrets((typed ?? "").replace(/\s+/g, " ").trim());
  if (why.length > longestWhy) {
    throw new AftershockError(
      "bad_parameter",
      `The reason has ${why.length} characters; at most ${longestWhy} are taken.`,
      "Say it in a sentence.",
    );
  }
  return why === "" ? null : why;
}

/** A day that there is, that is not over, and that is not years away. Throws AftershockError `bad_parameter`. */
export function checkDueOn(typed: string | null, now: Date): string | null {
  if (typed === null || typed.trim() === "" || typed.trim().toLowerCase() === "none") return null;
  const dueOn = typed.trim();
  const example = `Write it as year-month-day, for example due=${dayAfter(now, 14)}`;
  if (!isDay(dueOn)) throw new AftershockError("bad_parameter", `"${dueOn}" is no day.`, example);
  if (overdueFromMs(dueOn) <= now.getTime()) {
    throw new AftershockError("bad_parameter", `${dueOn} is over already.`, example);
  }
  if (dueOn > dayAfter(now, latestDueDays)) {
    throw new AftershockError("bad_parameter", `${dueOn} is more than two years away.`, example);
  }
  return dueOn;
}

/** Slack's id of a person; as it was typed, or as Slack writes a mention. Throws AftershockError `bad_parameter`. */
export function checkPerson(typed: string): string {
  const id = /^(?:<@)?([UW][A-Z0-9]{1,30})(?:\|[^>]*)?>?$/.exec(typed.trim())?.[1];
  if (id !== undefined) return id;
  throw new AftershockError(
    "bad_parameter",
    `"${typed}" names nobody whom Slack knows.`,
    "Pick the person from the list that Slack offers after @, or leave owner= out: then it is yours.",
  );
}

/** The finding of that id. Throws AftershockError `bad_parameter`. */
export function checkFinding(id: string | null, runId: string, findings: readonly Finding[]): FindingRef | null {
  if (id === null) return null;
  const found = findings.find((finding) => finding.id === id);
  if (found !== undefined) return { id: found.id, title: found.title };
  throw new AftershockError(
    "bad_parameter",
    `${runId} has no finding "${id}".`,
    `See what it has: /chaos findings ${runId}`,
  );
}

/** What to do about a finding, as its title for an action: its advice, or else what was found. */
export function suggestedTitle(finding: Finding): string {
  const advice = finding.advice.replace(/\s+/g, " ").trim();
  const first = /^.*?[.!?](?=\s|$)/.exec(advice)?.[0] ?? advice;
  const text = first === "" ? finding.title : first;
  return text.length <= longestTitle ? text : `${text.slice(0, longestTitle - 1)}…`;
}

/** What a change comes to; null: nothing is different. Pure. */
export function changeOf(
  action: Action,
  wanted: { title?: string; owner?: string; dueOn?: string | null },
  by: string,
): Extract<ActionEventBody, { type: "changed" }> | null {
  const change = {
    ...(wanted.title === undefined || wanted.title === action.title ? {} : { title: wanted.title }),
    ...(wanted.owner === undefined || wanted.owner === action.owner ? {} : { owner: wanted.owner }),
    ...(wanted.dueOn === undefined || wanted.dueOn === action.dueOn ? {} : { dueOn: wanted.dueOn }),
  };
  return Object.keys(change).length === 0 ? null : { type: "changed", by, ...change };
}
