import { countApprovals, standingWords, type GivenApproval } from "./count.ts";
import { isAmong, nameAll, noFacts, standingOf, type Facts } from "./people.ts";
import { conveners, environmentOf, pipelineOf, type People, type Policy, type Rule, type Subject } from "./policy.ts";
import { frozenBy, ruleFor } from "./rules.ts";
import { durationText, momentText } from "./words.ts";

/**
 * What can be done. `look` is to be shown anything at all, `oversee` what goes on in all channels; they and `request`, `approve`, `deny`, `revoke`, `abort`,
 * `cancel` (a schedule), `halt`, `heal`, `resume`, `acknowledge` (an alarm), `mend` (what it is about), `note` (what one saw of a
 * run), `configure` (how much is said in a channel), `export` (a run's files), `add-action` (an action item) and `tend-action`
 * (change it, or end it) are acts of a person;
 * `due` is what a schedule does for the person who asked for it; `start` and `inject` are what a worker does
 * with a run that was approved. `convene` is to plan or command a game day, `take-part` to join one, speak, vote and predict in it.
 */
export type Act =
  | "look"
  | "oversee"
  | "request"
  | "approve"
  | "deny"
  | "revoke"
  | "abort"
  | "cancel"
  | "halt"
  | "heal"
  | "resume"
  | "acknowledge"
  | "mend"
  | "note"
  | "configure"
  | "add-action"
  | "tend-action"
  | "convene"
  | "take-part"
  | "export"
  | "due"
  | "start"
  | "inject";

/** Who acts. On the command line that is whoever may run it where the secrets are: nobody of the workspace. */
export interface Person {
  userId: string;
  teamId: string;
  via?: "slack" | "command line";
}

export interface Question {
  act: Act;
  /** Null for what a worker does by itself. */
  actor: Person | null;
  /** Null for what is about all runs: `halt` and `resume`. */
  subject: Subject | null;
  /** Of the subject, as they stand. */
  approvals: readonly GivenApproval[];
  /** Another run that hits a primary on the same cluster, if this one does, too. */
  primaryHitBy: string | null;
  /** Whose own matter it is: of an action item its owner and who added it. Absent: nobody's. */
  concerned?: readonly string[];
  facts: Facts;
  now: Date;
}

export type Authorisation = { allowed: true } | Refusal;

export interface Refusal {
  allowed: false;
  /** A sentence for the person. */
  message: string;
  /** What to do next. */
  hint: string;
}

type Check = (policy: Policy, question: Question) => Refusal | null;

/**
 * Whether something may be done. The only place that decides it: for commands, clicks, modals, App Home, schedules and
 * the command line, and for the worker before it starts and before it injects. Pure; what is not known is denied.
 */
export function authorise(policy: Policy, question: Question): Authorisation {
  for (const check of checks[question.act]) {
    const refusal = check(policy, question);
    if (refusal !== null) return refusal;
  }
  return { allowed: true };
}

/** Whether somebody may be shown anything at all: the act `look`, which no rule is needed for. */
export function mayLook(teamId: string, actor: Person): Authorisation {
  const question = { subject: null, approvals: [], primaryHitBy: null, facts: noFacts, now: new Date(0) };
  return authorise({ ...nothing, teamId }, { ...question, act: "look", actor });
}

/** Whether whoever is at a command line may do it: who holds the kubeconfig needs nobody of the workspace to stop. */
export function mayOperate(act: "halt" | "resume" | "heal" | "export", userName: string): Authorisation {
  const question = { subject: null, approvals: [], primaryHitBy: null, facts: noFacts, now: new Date(0) };
  return authorise(nothing, { ...question, act, actor: { userId: userName, teamId: "", via: "command line" } });
}

/** The policy that allows nothing. */
const nothing: Policy = {
  teamId: null,
  environments: {},
  rules: [],
  freezes: [],
  resumers: { anyone: false, users: [], groups: [] },
  groupNames: {},
};

const bounds: readonly Check[] = [hasRule, notFrozen, inAllowedNamespace, withinDuration, noOtherPrimary];

const wanted: readonly Check[] = [
  hasRule,
  requesterMayAsk,
  notFrozen,
  inAllowedNamespace,
  withinDuration,
  noOtherPrimary,
];

// Stopping is easy: whoever is of the workspace may, and nothing has to be looked up for it.
const checks: Readonly<Record<Act, readonly Check[]>> = {
  request: [mayBeKnown, ...wanted],
  due: [isMember, ...wanted],
  approve: [inSlack, ofThisWorkspace, notTheRequester, isMember, mayApprove, ...bounds],
  deny: [inSlack, ofThisWorkspace, mayDeny],
  revoke: [inSlack, ofThisWorkspace],
  look: [ofThisWorkspace],
  // Of all channels, also of those that a guest is not in.
  oversee: [inSlack, ofThisWorkspace, isMember],
  abort: [ofThisWorkspace],
  cancel: [ofThisWorkspace],
  halt: [ofThisWorkspace],
  heal: [ofThisWorkspace],
  resume: [mayResume],
  // Seeing an alarm, and having it healed again; like stopping, for everybody of the workspace.
  acknowledge: [inSlack, ofThisWorkspace],
  // The files go where the run was told, to whoever reads that already.
  export: [ofThisWorkspace],
  mend: [inSlack, ofThisWorkspace, isMember, mayMend],
  note: [inSlack, ofThisWorkspace],
  // For everybody in the channel: not for its guests.
  configure: [inSlack, ofThisWorkspace, isMember],
  // Noting what shall be done touches nothing: whoever sees the channel may.
  "add-action": [inSlack, ofThisWorkspace],
  "tend-action": [inSlack, ofThisWorkspace, mayTend],
  // Its runs are asked for one by one, each by its own rule.
  convene: [inSlack, ofThisWorkspace, isMember, mayConvene],
  "take-part": [inSlack, ofThisWorkspace, isMember],
  start: [...bounds, isApproved],
  inject: [...bounds],
};

function inSlack(_policy: Policy, { actor }: Question): Refusal | null {
  if (actor?.via !== "command line") return null;
  return refusal("That needs a person of the workspace.", "Do it in Slack, so that everybody sees who did.");
}

function ofThisWorkspace(policy: Policy, { actor }: Question): Refusal | null {
  if (actor?.via === "command line") return null;
  if (actor !== null && policy.teamId !== null && actor.teamId === policy.teamId) return null;
  return refusal(
    "Only members of this workspace may do that.",
    "Ask somebody of the workspace that Aftershock is installed in.",
  );
}

/** A member of the workspace; or a pipeline, which the policy's rule must name. */
function mayBeKnown(policy: Policy, question: Question): Refusal | null {
  const { actor } = question;
  if (actor?.via === "command line" && pipelineOf(actor.userId) !== null) return null;
  return inSlack(policy, question) ?? ofThisWorkspace(policy, question) ?? isMember(policy, question);
}

function isMember(_policy: Policy, { actor, facts }: Question): Refusal | null {
  const standing = standingOf(facts, actor?.userId ?? "");
  if (standing.kind === "member") return null;
  const who = `<@${actor?.userId ?? ""}>`;
  if (standing.kind === "refused") {
    return refusal(`${who} is ${standingWords[standing.why]}, and may not do that.`, "Ask a member of the workspace.");
  }
  return refusal(
    `Slack could not say whether ${who} is a member of this workspace (${standing.why}), and nothing is allowed on a guess.`,
    "Try it again in a minute. If it stays so, the bot may lack the scope users:read.",
  );
}

function hasRule(policy: Policy, { subject, now }: Question): Refusal | null {
  if (subject !== null && ruleFor(policy, subject, now) !== null) return null;
  const about = subject === null ? "this" : `${subject.experiment} (risk ${subject.risk}) on ${place(policy, subject)}`;
  return refusal(
    `No rule of the policy allows ${about} now, and what no rule allows is denied.`,
    subject === null ? "See what is allowed: /chaos policy" : `See when it is: /chaos policy ${subject.experiment}`,
  );
}

function requesterMayAsk(policy: Policy, question: Question): Refusal | null {
  const { rule, subject } = ruled(policy, question);
  const id = question.actor?.userId ?? "";
  const who = pipelineOf(id) === null ? "You are" : `${id} is`;
  return unlessAmong(policy, question, rule.requesters, {
    no: `${who} not among those who may ask for ${subject.experiment} on ${place(policy, subject)}.`,
    who: "It can be asked for by",
  });
}

function notTheRequester(policy: Policy, { actor, subject, now }: Question): Refusal | null {
  if (subject === null || actor?.userId !== subject.requestedBy) return null;
  const rule = ruleFor(policy, subject, now);
  return refusal(
    `You asked for ${subject.id ?? "it"} yourself, so somebody else must approve it.`,
    rule === null
      ? "See who may: /chaos policy"
      : `It can be approved by ${nameAll(rule.approvers, policy, actor.userId)}.`,
  );
}

function mayApprove(policy: Policy, question: Question): Refusal | null {
  const noRule = hasRule(policy, question);
  if (noRule !== null) return noRule;
  const { rule, subject } = ruled(policy, question);
  return unlessAmong(policy, question, rule.approvers, {
    no: `You are not among the approvers of ${subject.id ?? subject.experiment}.`,
    who: "It can be approved by",
    except: subject.requestedBy,
  });
}

/** An approver, or the requester who thought better of it. */
function mayDeny(policy: Policy, question: Question): Refusal | null {
  const { actor, subject } = question;
  if (subject !== null && actor?.userId === subject.requestedBy) return null;
  return isMember(policy, question) ?? mayApprove(policy, question);
}

function mayResume(policy: Policy, question: Question): Refusal | null {
  if (question.actor?.via === "command line") return null;
  return (
    ofThisWorkspace(policy, question) ??
    isMember(policy, question) ??
    unlessAmong(policy, question, policy.resumers, {
      no: "You are not among those who may resume after a halt.",
      who: "It can be resumed by",
    })
  );
}

/**
 * A target's pod restarted, to clear it of what a run left: who may approve such a run, also when it is one's own; and at
 * times for which there is no rule, who may let runs start again after a halt.
 */
function mayMend(policy: Policy, question: Question): Refusal | null {
  const { subject, now } = question;
  const rule = subject === null ? null : ruleFor(policy, subject, now);
  return unlessAmong(policy, question, rule?.approvers ?? policy.resumers, {
    no: "A restart of a target is for those who may approve such a run.",
    who: "It can be asked for by",
  });
}

/** One's own action item, or else who may mend what it is about. */
function mayTend(policy: Policy, question: Question): Refusal | null {
  const { actor, subject, now, concerned = [] } = question;
  if (actor !== null && concerned.includes(actor.userId)) return null;
  const rule = subject === null ? null : ruleFor(policy, subject, now);
  return (
    isMember(policy, question) ??
    unlessAmong(policy, question, rule?.approvers ?? policy.resumers, {
      no: "This action is not yours.",
      who: `It can be changed or ended by ${[...new Set(concerned)].map((id) => `<@${id}>`).join(", ")} or by`,
    })
  );
}

/** Whoever may ask for some run by some rule, whatever the time. */
function mayConvene(policy: Policy, question: Question): Refusal | null {
  return unlessAmong(policy, question, conveners(policy), {
    no: "You are not among those who may ask for runs, and a game day asks for runs.",
    who: "A game day can be planned and commanded by",
  });
}

function notFrozen(policy: Policy, { subject, now }: Question): Refusal | null {
  const frozen = subject === null ? null : frozenBy(policy, subject, now);
  if (subject === null || frozen === null) return null;
  return refusal(
    `${place(policy, subject)} is frozen (${frozen.name}) until ${momentText(frozen.until)}.`,
    `Ask after that. What else holds: /chaos policy ${subject.experiment}`,
  );
}

function inAllowedNamespace(policy: Policy, question: Question): Refusal | null {
  const { rule, subject } = ruled(policy, question);
  const { namespaces } = rule.limits;
  if (subject.plan === null || namespaces === null || namespaces.includes(subject.plan.namespace)) return null;
  return refusal(
    `The rule "${rule.name}" does not allow the namespace ${subject.plan.namespace}.`,
    `It allows ${namespaces.join(", ")}.`,
  );
}

function withinDuration(policy: Policy, question: Question): Refusal | null {
  const { rule, subject } = ruled(policy, question);
  const { maxDurationMs } = rule.limits;
  if (subject.plan === null || maxDurationMs === null || subject.plan.durationMs <= maxDurationMs) return null;
  return refusal(
    `The rule "${rule.name}" allows at most ${durationText(maxDurationMs)}, and this takes ${durationText(subject.plan.durationMs)}.`,
    `Ask for less, for example duration=${durationText(maxDurationMs)}`,
  );
}

function noOtherPrimary(policy: Policy, question: Question): Refusal | null {
  const { rule, subject } = ruled(policy, question);
  const { primaryHitBy } = question;
  if (!rule.limits.onePrimaryAtATime || primaryHitBy === null) return null;
  return refusal(
    `${primaryHitBy} hits a primary on ${subject.cluster}, and the rule "${rule.name}" allows one at a time.`,
    `Wait for it, or stop it: /chaos abort ${primaryHitBy}`,
  );
}

function isApproved(policy: Policy, question: Question): Refusal | null {
  const { rule, subject } = ruled(policy, question);
  const { counted, dropped } = countApprovals(rule, subject, question.approvals, question.facts, question.now);
  if (counted.length >= rule.required) return null;
  const lost = dropped.map(({ userId, why }) => `<@${userId}> ${why}`).join("; ");
  return refusal(
    `It needs ${rule.required} ${rule.required === 1 ? "approval" : "approvals"} by the rule "${rule.name}", and ${counted.length} count${counted.length === 1 ? "s" : ""} now${lost === "" ? "" : `: ${lost}`}.`,
    `Ask again: /chaos run ${subject.experiment}`,
  );
}

function unlessAmong(
  policy: Policy,
  { actor, facts }: Question,
  people: People,
  words: {
    no: string;
    who: string;
    /** Who is among them and yet cannot. */
    except?: string | null;
  },
): Refusal | null {
  const { among, unknown } = isAmong(people, actor?.userId ?? "", facts);
  if (among && actor !== null) return null;
  const hint = `${words.who} ${nameAll(people, policy, words.except)}.`;
  if (unknown === null) return refusal(words.no, hint);
  return refusal(
    `Slack could not say who is in the user groups of the policy (${unknown}), and nothing is allowed on a guess.`,
    `Try it again in a minute. ${hint}`,
  );
}

/** The subject with its rule. Every check that uses it comes after `hasRule`. */
function ruled(policy: Policy, { subject, now }: Question): { rule: Rule; subject: Subject } {
  const rule = subject === null ? null : ruleFor(policy, subject, now);
  if (subject === null || rule === null) throw new Error("a check before hasRule needs a rule");
  return { rule, subject };
}

function place(policy: Policy, subject: Subject): string {
  const environment = environmentOf(policy, subject.cluster);
  return environment === subject.cluster ? subject.cluster : `${subject.cluster} (${environment})`;
}

function refusal(message: string, hint: string): Refusal {
  return { allowed: false, message, hint };
}
