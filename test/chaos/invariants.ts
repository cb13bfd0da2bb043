import { canMove, isTerminal, type RunState } from "../../src/run/lifecycle.ts";
import { neverTaken, stepName } from "./matrix.ts";
import type { Facts, ShownMessage, ThreadFacts, Violation } from "./facts.ts";

/** What must hold for a run whatever was done to the bot meanwhile. Pure; invariants.test.ts shows each one firing. */
export function judgeRun(facts: Facts): Violation[] {
  return [
    ...leftOver(facts),
    ...wholeSequence(facts),
    ...legalWay(facts),
    ...singleInjections(facts),
    ...rightEnd(facts),
    ...rightApprovals(facts),
  ];
}

function leftOver({ run, left, broken }: Facts): Violation[] {
  const found: Violation[] = left.map((what) => ({ kind: "orphan", what: `left on the cluster: ${what}` }));
  for (const what of broken) found.push({ kind: "wrong", what: `not healed in the data path: ${what}` });
  if (!isTerminal(run.state)) found.push({ kind: "orphan", what: `${run.id} was left ${run.state}` });
  return found;
}

/** Sequence numbers from 1 to the row's last, each once. */
function wholeSequence({ run, events }: Facts): Violation[] {
  const found: Violation[] = [];
  const times = new Map<number, number>();
  for (const { seq } of events) times.set(seq, (times.get(seq) ?? 0) + 1);
  for (let seq = 1; seq <= run.lastSeq; seq += 1) {
    if (!times.has(seq)) found.push({ kind: "lost", what: `event ${seq} of ${run.lastSeq} is missing` });
  }
  for (const [seq, count] of times) {
    if (count > 1) found.push({ kind: "duplicate", what: `event ${seq} is there ${count} times` });
    if (seq > run.lastSeq) found.push({ kind: "wrong", what: `event ${seq} is beyond the last, ${run.lastSeq}` });
  }
  return found;
}

/** The state events make one legal way from `requested` to the row's state, with one end. */
function legalWay({ run, events }: Facts): Violation[] {
  const found: Violation[] = [];
  let state: RunState = "requested";
  let ends = 0;
  for (const event of events) {
    if (event.type !== "state") continue;
    if (event.from !== state) found.push({ kind: "wrong", what: `a step from ${event.from} while it was ${state}` });
    if (!canMove(event.from, event.to)) found.push({ kind: "wrong", what: `${event.from} became ${event.to}` });
    const never = neverTaken[stepName(event)];
    if (never !== undefined) found.push({ kind: "wrong", what: `${stepName(event)} is never taken: ${never}` });
    if (isTerminal(event.to)) ends += 1;
    state = event.to;
  }
  if (state !== run.state) {
    found.push({ kind: "lost", what: `the events say ${state}, the run's row says ${run.state}` });
  }
  if (ends > 1) found.push({ kind: "duplicate", what: `it ended ${ends} times` });
  const requests = events.filter(({ type }) => type === "requested").length;
  if (requests !== 1) found.push({ kind: requests > 1 ? "duplicate" : "lost", what: `${requests} request events` });
  return found;
}

/** At most one intent and one injection per fault, by the events and by what the cluster itself says it did. */
function singleInjections({ events, injections }: Facts): Violation[] {
  const found: Violation[] = [];
  for (const type of ["fault-intended", "fault-injected"] as const) {
    const times = new Map<string, number>();
    for (const event of events) if (event.type === type) times.set(event.fault, (times.get(event.fault) ?? 0) + 1);
    for (const [fault, count] of times) {
      if (count > 1) found.push({ kind: "duplicate", what: `${count} events ${type} of fault ${fault}` });
    }
  }
  for (const [name, objects] of Object.entries(injections)) {
    if (objects > 1) found.push({ kind: "duplicate", what: `the cluster injected ${name} ${objects} times` });
  }
  const approvedAt = events.findIndex((event) => event.type === "state" && event.to === "approved");
  const intendedAt = events.findIndex(({ type }) => type === "fault-intended");
  if (intendedAt !== -1 && (approvedAt === -1 || approvedAt > intendedAt)) {
    found.push({ kind: "approval", what: "a fault was intended before the run was approved" });
  }
  if (Object.keys(injections).length > 0 && intendedAt === -1) {
    found.push({ kind: "wrong", what: "the cluster injected something that no event intended" });
  }
  return found;
}

function rightEnd({ run, events, mayEnd }: Facts): Violation[] {
  const found: Violation[] = [];
  const wrong = (what: string): void => void found.push({ kind: "wrong", what });
  if (!mayEnd.includes(run.state)) wrong(`it ended ${run.state}, not ${mayEnd.join(" or ")}`);
  const started = events.some((event) => event.type === "state" && event.to === "preflight");
  const judged = events.findLast((event) => event.type === "judged");
  if (!started) {
    if (judged !== undefined) wrong("it was judged without having started");
    return found;
  }
  if (!isTerminal(run.state)) return found;
  if (judged?.type !== "judged") {
    found.push({ kind: "lost", what: "it ended without a report" });
    return found;
  }
  const { verdicts } = judged.report;
  if (verdicts.run !== run.state) wrong(`the last report says ${verdicts.run}, the run is ${run.state}`);
  if (verdicts.cleanup !== "verified") wrong(`cleanup ${verdicts.cleanup}`);
  if (verdicts.hypothesis !== "inconclusive" && run.state === "interrupted") {
    wrong(`a run that lost its worker claims "${verdicts.hypothesis}"`);
  }
  const intended = events.some(({ type }) => type === "fault-intended");
  const proven = events.filter((event) => event.type === "healing-proof");
  if (intended && !proven.some(({ ok }) => ok)) wrong("a fault was intended and no proof of healing was given");
  for (const proof of proven) if (!proof.ok) wrong(`not proven: ${proof.what}: ${proof.detail}`);
  return found;
}

/** Nothing counts that a policy of N other people out of a list does not allow. */
function rightApprovals({ run, decisions, approvers, events }: Facts): Violation[] {
  const found: Violation[] = [];
  const wrong = (what: string): void => void found.push({ kind: "approval", what });
  const given = decisions.filter(({ decision }) => decision === "approved");
  for (const { userId, digest } of given) {
    if (userId === run.requestedBy) wrong(`${userId} approved their own run`);
    if (!approvers.includes(userId)) wrong(`${userId} approved and is no approver`);
    if (digest !== run.digest) wrong(`${userId} approved another plan, ${digest}`);
  }
  const people = new Set(given.map(({ userId }) => userId));
  if (people.size < given.length) found.push({ kind: "duplicate", what: "one person's approval is stored twice" });
  const approved = events.some((event) => event.type === "state" && event.to === "approved");
  if (approved && people.size < run.approvalsNeeded) {
    wrong(`it was approved with ${people.size} of ${run.approvalsNeeded} approvals`);
  }
  const told = events.filter(({ type }) => type === "approved").length;
  if (told > given.length) found.push({ kind: "duplicate", what: `${told} approvals told, ${given.length} stored` });
  if (told < given.length) found.push({ kind: "lost", what: `${told} approvals told, ${given.length} stored` });
  return found;
}

/**
 * The thread agrees with the events: every wanted message stands there once in its last version, none twice, and no
 * other. `phrases` ask the same without the narrator's help, so that an event it forgot is missed as well.
 */
export function judgeThread(facts: ThreadFacts): Violation[] {
  const found: Violation[] = [];
  const { wanted, shown } = facts;
  if (shown.cards.length === 0) found.push({ kind: "lost", what: "the run has no card" });
  if (shown.cards.length > 1) found.push({ kind: "duplicate", what: `the run has ${shown.cards.length} cards` });
  const [card] = shown.cards;
  if (card !== undefined && keyOf(card) !== keyOf(wanted.card))
    found.push({ kind: "lost", what: "the card's last edit is missing" });
  const want = counted(wanted.thread);
  const show = counted(shown.thread);
  for (const [content, times] of want) {
    const there = show.get(content) ?? 0;
    if (there < times) found.push({ kind: "lost", what: `not in the thread: ${excerpt(content)}` });
    if (there > times) found.push({ kind: "duplicate", what: `${there} times in the thread: ${excerpt(content)}` });
  }
  for (const content of show.keys()) {
    if (!want.has(content)) found.push({ kind: "duplicate", what: `unasked in the thread: ${excerpt(content)}` });
  }
  const text = shown.thread.map((message) => message.text).join("\n");
  for (const { says, of } of phrases(facts)) {
    const there = text.split(says).length - 1;
    if (there < of) found.push({ kind: "lost", what: `"${says}" stands ${there} times in the thread, not ${of}` });
    if (there > of) found.push({ kind: "duplicate", what: `"${says}" stands ${there} times in the thread, not ${of}` });
  }
  return found;
}

function phrases({ events }: ThreadFacts): Array<{ says: string; of: number }> {
  const count = (holds: (event: ThreadFacts["events"][number]) => boolean): number => events.filter(holds).length;
  return [
    { says: "*Fault active*", of: count(({ type }) => type === "fault-injected") },
    { says: "takes over: it heals", of: count((event) => event.type === "claimed" && event.takenOver) },
    { says: "denied it at", of: count(({ type }) => type === "denied") },
    { says: "it expired at", of: count(({ type }) => type === "expired") },
    { says: "asked to stop it at", of: count(({ type }) => type === "abort-requested") },
  ];
}

function counted(messages: readonly ShownMessage[]): Map<string, number> {
  const times = new Map<string, number>();
  for (const message of messages) times.set(keyOf(message), (times.get(keyOf(message)) ?? 0) + 1);
  return times;
}

/** Files are told apart by their names: Slack keeps no comment of ours with them. */
function keyOf({ text, blocks, files }: ShownMessage): string {
  return files.length === 0 ? `${text} ${blocks}` : `files ${files.toSorted().join(", ")}`;
}

function excerpt(content: string): string {
  return content.length > 160 ? `${content.slice(0, 160)}…` : content;
}
