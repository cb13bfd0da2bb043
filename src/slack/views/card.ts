import type { Button, KnownBlock } from "@slack/types";
import type { RunEvent } from "../../run/events.ts";
import { isTerminal } from "../../run/lifecycle.ts";
import type { RunRow } from "../../run/service.ts";
import { formatDuration } from "../../experiment/duration.ts";
import {
  clamp,
  content,
  escapeLines,
  escapeText,
  fields,
  header,
  limits,
  note,
  plain,
  section,
  type MessageContent,
} from "../limits.ts";
import { actionPrefix } from "../action-prefix.ts";
import { openActionBlocks } from "./actions.ts";
import { approvalLines, neededApprovals } from "./decisions.ts";
import { faultLines } from "./plan.ts";
import { readerTime } from "./reader-time.ts";
import { count, injectsNothing, parameterText, people, person, shortDigest, stateWords } from "./words.ts";

/** The one message of a run in the channel, for every state. */
export function renderCard(run: RunRow, events: readonly RunEvent[]): MessageContent {
  const words = stateWords[run.state];
  const { plan } = run;
  const reason = endReason(events);
  const judged = events.findLast((event) => event.type === "judged");
  const target = plan.faults.map((fault) => fault.subject.join(", ")).join("; ") || plan.system;
  const approval =
    run.state === "requested"
      ? `${run.approvedBy.length} of ${neededApprovals(plan.approvalsNeeded, events)}, due ${readerTime(run.expiresAt)}`
      : plan.approvalsNeeded === 0 && run.approvedBy.length === 0
        ? "not needed"
        : people(run.approvedBy);
  // Who, when and why, while it is being decided; afterwards the thread has it.
  const given = run.state === "requested" || run.state === "approved" ? approvalLines(events) : [];
  const blocks: KnownBlock[] = [
    header(`${plan.title} · ${run.id}`),
    section(`${words.icon} *${words.text}*${reason === null ? "" : `\n${escapeReason(reason)}`}`),
    fields([
      ["Asked for by", person(run.requestedBy)],
      [run.state === "requested" ? "Approvals" : "Approved by", approval],
      ["Target", escapeText(`${target} in ${plan.cluster}/${plan.namespace}`)],
      [injectsNothing(plan) ? "Takes at most" : "Fault lasts", formatDuration(plan.phases.durationMs)],
    ]),
  ];
  if (run.state === "requested" || run.state === "approved") blocks.push(section(subjectText(run)));
  if (given.length > 0) blocks.push(note(`:white_check_mark: ${given.join("\n:white_check_mark: ")}`));
  const asked = events.find((event) => event.type === "requested");
  // What is still open is for who decides; later it would only be old.
  if (run.state === "requested") blocks.push(...openActionBlocks(asked?.openActions ?? [], "/chaos"));
  const provenSince = events.some((event) => event.type === "alarm-resolved");
  if (judged !== undefined) blocks.push(...verdictBlocks(judged.report, provenSince));
  const buttons = buttonsFor(run);
  if (buttons.length > 0) blocks.push({ type: "actions", block_id: `run:${run.id}:${run.state}`, elements: buttons });
  blocks.push(note(hintFor(run)));
  const text = `${run.id} ${escapeText(plan.title)}: ${words.text}${judged === undefined ? "" : `, hypothesis ${judged.report.verdicts.hypothesis}`}`;
  return content(text, blocks);
}

/** What exactly an approval is of, on the card itself: whoever clicks there need not look elsewhere. */
function subjectText({ plan, digest }: RunRow): string {
  const subject = [...faultLines(plan), parameterText(plan)].join("\n");
  return `*What exactly is approved*\n${clamp(subject, subjectLength)}\nplan \`${shortDigest(digest)}\``;
}

/** Short enough for a card; the thread has the whole plan. */
const subjectLength = 1500;

function verdictBlocks(report: Extract<RunEvent, { type: "judged" }>["report"], provenSince: boolean): KnownBlock[] {
  const unproven = provenSince ? "unverified at the end, proven since" : ":rotating_light: UNVERIFIED";
  const { verdicts, writes } = report;
  const top = report.findings.find((finding) => finding.severity === "critical" || finding.severity === "high");
  return [
    fields([
      ["Hypothesis", verdicts.hypothesis],
      ["Cleanup", verdicts.cleanup === "verified" ? "verified" : unproven],
      ["Acknowledged writes", count(writes.total.acknowledged)],
      ["of them lost", count(writes.total.lost)],
    ]),
    ...(top === undefined ? [] : [section(`*${escapeText(top.title)}*`)]),
  ];
}

function buttonsFor(run: RunRow): Button[] {
  const button = (
    name: string,
    text: string,
    style?: "primary" | "danger",
    confirm?: string,
    value = run.id,
  ): Button => ({
    type: "button",
    action_id: `${actionPrefix}${name}`,
    text: { type: "plain_text", text },
    value,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined
      ? {}
      : {
          confirm: {
            title: { type: "plain_text", text: `${text}: ${run.id}?` },
            text: { type: "plain_text", text: plain(confirm, limits.confirmText) },
            confirm: { type: "plain_text", text },
            deny: { type: "plain_text", text: "Cancel" },
          },
        }),
  });
  const pods = run.plan.faults.flatMap((fault) => fault.subject).join(", ");
  if (run.state === "requested") {
    const warning = run.plan.risk === "high" && pods !== "" ? `This injects a real fault into ${pods}.` : undefined;
    // With the plan that is shown here: a click approves what was seen, or nothing.
    const seen = `${run.id}@${shortDigest(run.digest)}`;
    const takeBack = run.approvedBy.length === 0 ? [] : [button("revoke", "Revoke approval")];
    return [button("approve", "Approve", "primary", warning, seen), button("deny", "Deny"), ...takeBack];
  }
  if (isTerminal(run.state) || run.abortRequestedBy !== null) return [];
  const takeBack =
    run.state === "approved" && run.approvedBy.length > 0
      ? [button("revoke", "Revoke approval", undefined, "The run ends, and nothing is touched.")]
      : [];
  return [...takeBack, button("stop", "Stop", "danger", "Any fault is removed at once, and the run ends as aborted.")];
}

function hintFor(run: RunRow): string {
  if (run.state === "requested") return `The thread has the whole plan. In text: \`/chaos approve ${run.id}\``;
  if (run.state === "denied" || run.state === "expired") {
    return `Nothing was touched. Ask again: \`/chaos run ${escapeText(run.experiment)}\``;
  }
  if (isTerminal(run.state)) return `Details in the thread · \`/chaos findings ${run.id}\``;
  return run.abortRequestedBy === null
    ? `Live in the thread · \`/chaos abort ${run.id}\` stops and heals it`
    : `${person(run.abortRequestedBy)} asked to stop it; it is stopping`;
}

/** The reason of the last state change that has one. */
function endReason(events: readonly RunEvent[]): string | null {
  const last = events.findLast((event) => event.type === "state");
  return last?.type === "state" && isTerminal(last.to) ? last.reason : null;
}

/** Reasons are our own sentences and may mention people and moments; everything else in them is escaped. */
export function escapeReason(reason: string): string {
  return escapeLines(reason)
    .replace(/&lt;@([UW][A-Z0-9]+)&gt;/g, "<@$1>")
    .replace(
      /&lt;!date\^(\d{1,12})\^\{date_short_pretty\} at \{time\}\|(\d{4}-\d\d-\d\d \d\d:\d\d UTC)&gt;/g,
      "<!date^$1^{date_short_pretty} at {time}|$2>",
    );
}
