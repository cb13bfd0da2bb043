import type { RunEvent } from "../../run/events.ts";
import { content, escapeLines, escapeText, note, section, type MessageContent } from "../limits.ts";
import { escapeReason } from "./card.ts";
import { planBlocks } from "./plan.ts";
import { person, seconds, shortDigest, stateWords, timeOfDay } from "./words.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** The request with everything that an approver approves. */
export function renderRequest(event: EventOf<"requested">): MessageContent {
  const { schedule, plan } = event;
  // A schedule mentions nobody: who asked for it is on the card.
  const [text, asked] =
    schedule === undefined
      ? [
          `${person(event.by)} asks for ${escapeText(plan.title)}`,
          `${person(event.by)} asks for *${escapeText(plan.experiment)}*`,
        ]
      : [
          `${escapeText(schedule.id)} asks for ${escapeText(plan.title)}`,
          `${escapeText(schedule.id)} asks for *${escapeText(plan.experiment)}*`,
        ];
  return content(text, [
    section(asked),
    ...planBlocks(plan, event.digest),
    note(schedule?.kind === "starts" ? `Starts by the approval of ${escapeText(schedule.id)}` : needsText(event)),
  ]);
}

/** Who must approve, how many, until when, and which rule of the policy says so. */
function needsText({ plan, policy, expiresAt }: EventOf<"requested">): string {
  const by = policy === undefined ? "" : ` · rule "${escapeText(policy.rule)}"`;
  if (plan.approvalsNeeded === 0) return `Needs no approval${by}`;
  const who = policy === undefined ? "somebody else" : escapeReason(policy.approvers);
  const count = plan.approvalsNeeded === 1 ? "1 approval" : `${plan.approvalsNeeded} approvals`;
  return `Needs ${count} by ${who} until ${timeOfDay(expiresAt)}${by}`;
}

/**
 * Decisions, one line each: who, when, why, and what exactly. Those that settle it call the requester, once; null for a
 * run that nobody asked for in person.
 */
export function renderDecision(
  event: EventOf<"approved" | "denied" | "revoked" | "expired" | "approval-void" | "abort-requested">,
  requester: string | null,
): MessageContent {
  const call = (then: string): string =>
    requester === null || ("by" in event && event.by === requester) ? "" : ` · ${person(requester)}${then}`;
  const because = "reason" in event && event.reason !== null ? `: ${escapeText(event.reason)}` : "";
  const at = timeOfDay(event.at);
  switch (event.type) {
    case "approved":
      if (event.schedule !== undefined) {
        return line(
          `:white_check_mark: Covered by the approval of ${escapeText(event.schedule)} that ${person(event.by)} gave: plan \`${shortDigest(event.digest)}\`${because}`,
        );
      }
      return line(
        `:white_check_mark: ${person(event.by)} approved plan \`${shortDigest(event.digest)}\` at ${at} (${event.given} of ${event.needed})${because}${event.given < event.needed ? "" : call(", it starts now")}`,
      );
    case "denied":
      return line(`:no_entry: ${person(event.by)} denied it at ${at}${because}${call("")}`);
    case "revoked":
      return line(
        `:leftwards_arrow_with_hook: ${person(event.by)} took the approval back at ${at} (${event.given} of ${event.needed})${because}`,
      );
    case "approval-void":
      return line(
        `:no_entry: *The approval is void, and the run has ended*: ${escapeReason(event.reason)} Nothing was injected.${call("")}`,
      );
    case "expired":
      return line(`:hourglass: Nobody approved it in time; it expired at ${at}. Nothing was touched.${call("")}`);
    case "abort-requested":
      return line(`:octagonal_sign: ${person(event.by)} asked to stop it at ${at}${because}`);
  }
}

/** What a person saw, for those who were not looking. */
export function renderNote(event: EventOf<"note">): MessageContent {
  const said = `${person(event.by)} at ${timeOfDay(event.at)}`;
  return content(`${said}: ${escapeText(event.text)}`, [
    section(`:memo: ${said}`),
    section(quoted(escapeLines(event.text))),
  ]);
}

/** Each line behind a bar, so that no line of it looks like one of ours. */
function quoted(text: string): string {
  return text
    .split("\n")
    .map((each) => `> ${each}`)
    .join("\n");
}

/** All guards with what they measured, in one message. */
export function renderGuards(
  topology: EventOf<"topology"> | undefined,
  guards: ReadonlyArray<EventOf<"guard">>,
): MessageContent {
  const failed = guards.filter((guard) => !guard.ok);
  const rows = guards.map((guard) => {
    const hint = guard.ok || guard.hint === "" ? "" : `\n      ${escapeText(guard.hint)}`;
    return `${guard.ok ? ":white_check_mark:" : ":x:"} *${escapeText(guard.title)}*: ${escapeText(guard.measured)} (wanted: ${escapeText(guard.bound)})${hint}`;
  });
  const verdict =
    failed.length === 0
      ? `${guards.length} of ${guards.length} guards hold`
      : `${failed.length} of ${guards.length} guards failed, nothing was touched`;
  return content(verdict, [
    section(
      `${failed.length === 0 ? ":mag:" : ":x:"} *${verdict}*${topology === undefined ? "" : ` · ${escapeText(topology.summary)}`}`,
    ),
    section(rows.join("\n")),
  ]);
}

/** A change of phase; null for those that another message tells in any case. */
export function renderState(event: EventOf<"state">, calls: readonly string[] = []): MessageContent | null {
  const words = stateWords[event.to];
  const at = event.atMs === null ? "" : ` at ${seconds(event.atMs)}`;
  switch (event.to) {
    case "baseline":
      return line(`${words.icon} *Baseline*: clients are running, nothing is injected yet`);
    case "healing":
      return line(`${words.icon} *Healing*${at}${event.reason === null ? "" : `: ${escapeReason(event.reason)}`}`);
    case "failed":
    case "aborted":
    case "interrupted":
      return line(
        `${words.icon} *${words.text}*${event.reason === null ? "" : `: ${escapeReason(event.reason)}`}${calls.map((id) => ` · ${person(id)}`).join("")}`,
      );
    case "preflight":
    case "injecting":
    case "active":
    case "verifying":
    case "judging":
      return line(`${words.icon} ${words.text}${at}`);
    default:
      return null;
  }
}

export function renderFaultIntended(event: EventOf<"fault-intended">): MessageContent {
  if (event.kind === "ScratchPostgres") {
    return line(`:package: Making pod \`${escapeText(event.name)}\` in ${escapeText(event.namespace)} to restore into`);
  }
  return line(
    `:zap: Creating ${escapeText(event.kind)} \`${escapeText(event.name)}\` in ${escapeText(event.namespace)}: ${event.pods.map(escapeText).join(", ")}`,
  );
}

export function renderFaultInjected(event: EventOf<"fault-injected">): MessageContent {
  if (event.kind === "ScratchPostgres") {
    return line(
      `:package: *A throw-away PostgreSQL is ready* at ${seconds(event.atMs)}: pod \`${escapeText(event.name)}\`, after ${seconds(event.tookMs)}`,
    );
  }
  return line(
    `:zap: *Fault active* at ${seconds(event.atMs)}: ${escapeText(event.kind)} \`${escapeText(event.name)}\`, confirmed after ${Math.round(event.tookMs)} ms`,
  );
}

export function renderClaim(event: EventOf<"claimed">): MessageContent {
  if (!event.takenOver) return line(`:construction_worker: Worker ${escapeText(event.worker)} conducts it`);
  return line(
    `:warning: The run's worker process is gone. Worker ${escapeText(event.worker)} takes over: it heals and ends the run.`,
  );
}

export function renderProblem(event: EventOf<"problem">): MessageContent {
  return line(`:x: ${escapeReason(event.message)}\n${escapeText(event.hint)}`);
}

export function renderStopCondition(event: EventOf<"stop-condition">): MessageContent {
  return line(
    `:octagonal_sign: Stopped by its stop condition *${escapeText(event.id)}*: ${escapeText(event.measured)} (limit: ${escapeText(event.bound)})`,
  );
}

/** Healing and its proof, in one message that grows. */
export function renderHealing(
  events: ReadonlyArray<EventOf<"fault-removed" | "healing-proof" | "converged">>,
): MessageContent {
  const rows = events.map((event) => {
    switch (event.type) {
      case "fault-removed":
        return `:adhesive_bandage: ${escapeText(event.kind)} \`${escapeText(event.name)}\` removed in ${Math.round(event.tookMs)} ms`;
      case "healing-proof":
        return `${event.ok ? ":white_check_mark:" : ":rotating_light:"} ${escapeText(event.what)}: ${escapeText(event.detail)}`;
      case "converged":
        return `${event.ok ? ":white_check_mark:" : ":warning:"} ${event.ok ? "The members agree again" : "The members do not agree"} after ${seconds(event.tookMs)}: ${escapeText(event.summary)}`;
    }
  });
  const unproven = events.filter((event) => event.type === "healing-proof" && !event.ok).length;
  const title = unproven === 0 ? "Healing and its proof" : "CLEANUP UNVERIFIED, a fault may remain: /chaos alarms";
  return content(title, [section(`*${title}*`), section(rows.join("\n"))]);
}

function line(text: string): MessageContent {
  return content(text, [section(text)]);
}
