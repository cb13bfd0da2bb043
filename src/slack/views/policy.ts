import type { Explanation } from "../../approvals/explain.ts";
import { nameAll } from "../../approvals/people.ts";
import type { Freeze, Limits, Match, Policy, Rule } from "../../approvals/policy.ts";
import { endOf, nextBegin } from "../../approvals/windows.ts";
import { durationText, momentText, windowText } from "../../approvals/words.ts";
import { content, escapeText, fields, header, note, section, type MessageContent } from "../limits.ts";
import { escapeReason } from "./card.ts";

/** Why a person may or may not run something now: the answer first, then what it rests on. */
export function explanationMessage(explanation: Explanation, command: string): MessageContent {
  const { subject, environment, rule, mayAsk, mayApprove, policy } = explanation;
  const name = escapeText(subject.experiment);
  const where = environment === subject.cluster ? subject.cluster : `${subject.cluster} (${environment})`;
  const answer = mayAsk.allowed ? `You may ask for ${name} now.` : `You may not ask for ${name} now.`;
  const why = mayAsk.allowed ? "" : `\n${escapeReason(mayAsk.message)}\n${escapeReason(mayAsk.hint)}`;
  return content(answer, [
    header(`Policy for ${subject.experiment}`),
    section(`${mayAsk.allowed ? ":white_check_mark:" : ":no_entry:"} *${answer}*${why}`),
    fields([
      ["Target", escapeText(`${where}${subject.plan === null ? "" : `, namespace ${subject.plan.namespace}`}`)],
      ["Risk", subject.risk],
      ["Rule", rule === null ? "none: what no rule allows is denied" : escapeText(rule.name)],
      ["Who may ask", rule === null ? "nobody now" : escapeReason(nameAll(rule.requesters, policy))],
      ["Approvers", rule === null ? "nobody now" : approvalText(rule, policy)],
      ["Limits", rule === null ? "none: it is denied" : limitsText(rule.limits)],
      ["Freezes", freezeText(explanation)],
    ]),
    ...(rule === null ? [section(otherTimesText(explanation.otherTimes))] : [section(approverText(mayApprove, rule))]),
    note(`\`${command} policy\` shows all rules · \`${command} run ${name} --dry-run\` the exact targets`),
  ]);
}

/** All rules in their order, the freezes, and who may resume. */
export function policyMessage(policy: Policy, command: string, now: Date): MessageContent {
  const rules = policy.rules.map((rule, at) =>
    section(`*${at + 1}. ${escapeText(rule.name)}*\n${ruleText(rule, policy)}`),
  );
  const freezes = policy.freezes.map((freeze) => `• ${freezeLine(freeze, now)}`);
  return content("Who may do what", [
    header("Who may do what"),
    section("The first rule that matches decides. What no rule allows is denied."),
    ...rules,
    section(`*Freezes*\n${freezes.length === 0 ? "none" : freezes.join("\n")}`),
    section(
      [
        "*Always*",
        "• anybody of the workspace may stop a run, or halt everything",
        `• after a halt, runs may be resumed by ${escapeReason(nameAll(policy.resumers, policy))}`,
        "• nobody approves what they asked for; guests, deactivated people and people of other organisations can neither ask nor approve",
      ].join("\n"),
    ),
    note(`\`${command} policy NAME\` tells whether you may run it now, and why`),
  ]);
}

function ruleText(rule: Rule, policy: Policy): string {
  const about = matchText(rule.match);
  const times = rule.times === null ? "at any time" : rule.times.map(windowText).join(", or ");
  return [
    `• for ${escapeText(about)}, ${escapeText(times)}`,
    `• asked for by ${escapeReason(nameAll(rule.requesters, policy))}`,
    `• approvals: ${approvalText(rule, policy)}`,
    `• limits: ${limitsText(rule.limits)}`,
  ].join("\n");
}

function matchText({ environments, systems, experiments, risks }: Match): string {
  const parts = [
    ...(environments === null ? [] : [environments.join(" or ")]),
    ...(systems === null ? [] : [`the system ${systems.join(" or ")}`]),
    ...(experiments === null ? [] : [experiments.join(" or ")]),
    ...(risks === null ? [] : [`risk ${risks.join(" or ")}`]),
  ];
  return parts.length === 0 ? "everything" : parts.join(", ");
}

/** How many of whom must approve, and within which time; `requester`: who asks, and never approves it. */
export function approvalText(rule: Rule, policy: Policy, requester: string | null = null): string {
  if (rule.required === 0) return "none is needed";
  return `${rule.required} of ${escapeReason(nameAll(rule.approvers, policy, requester))}, within ${durationText(rule.expiresAfterMs)}`;
}

function limitsText({ namespaces, maxDurationMs, onePrimaryAtATime }: Limits): string {
  const parts = [
    ...(namespaces === null ? [] : [`only in ${namespaces.map(escapeText).join(", ")}`]),
    ...(maxDurationMs === null ? [] : [`at most ${durationText(maxDurationMs)}`]),
    ...(onePrimaryAtATime ? ["one primary at a time on a cluster"] : []),
  ];
  return parts.length === 0 ? "the experiment's own" : parts.join("; ");
}

function freezeText({ frozen, nextFreeze }: Explanation): string {
  if (frozen !== null) return `frozen now (${escapeText(frozen.name)}) until ${momentText(frozen.until)}`;
  if (nextFreeze === null) return "none";
  return `none now; next ${escapeText(nextFreeze.name)} from ${momentText(nextFreeze.from)}`;
}

function freezeLine({ name, match, window }: Freeze, now: Date): string {
  const until = endOf([window], now);
  const next = nextBegin(window, now);
  const state =
    until !== null
      ? `*frozen now*, until ${momentText(until)}`
      : next === null
        ? "over"
        : `next from ${momentText(next)}`;
  return `${escapeText(name)}: ${escapeText(matchText(match))}, ${escapeText(windowText(window))}; ${state}`;
}

function approverText(mayApprove: Explanation["mayApprove"], rule: Rule): string {
  if (rule.required === 0) return ":white_check_mark: It starts without an approval.";
  if (mayApprove.allowed) return ":white_check_mark: You may approve it when somebody else has asked for it.";
  return `:information_source: You may not approve it when somebody else has asked for it. ${escapeReason(mayApprove.message)}`;
}

function otherTimesText(rules: readonly Rule[]): string {
  if (rules.length === 0) return "No rule allows it at another time either.";
  const times = rules.map(
    ({ name, times: windows }) => `• ${escapeText(name)}: ${escapeText((windows ?? []).map(windowText).join(", or "))}`,
  );
  return `*It is allowed at other times*\n${times.join("\n")}`;
}
