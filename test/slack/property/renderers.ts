import { errorMessage } from "../../../src/slack/errors.ts";
import { AftershockError } from "../../../src/errors.ts";
import type { RunEvent, RunEventType } from "../../../src/run/events.ts";
import { narrate } from "../../../src/slack/narrate.ts";
import { narrateScheduleEvents } from "../../../src/slack/narrate-schedule.ts";
import { haltMessages } from "../../../src/slack/halt-narrator.ts";
import * as alarm from "../../../src/slack/views/alarm.ts";
import type { AlarmStory } from "../../../src/slack/views/alarm.ts";
import * as alarmList from "../../../src/slack/views/alarm-list.ts";
import { renderAuditHead } from "../../../src/slack/views/audit-head.ts";
import { approvalLines } from "../../../src/slack/views/decisions.ts";
import * as halt from "../../../src/slack/views/halt.ts";
import { noteForm } from "../../../src/slack/views/note-form.ts";
import { renderNotice } from "../../../src/slack/views/notice.ts";
import { approvalText, explanationMessage, policyMessage } from "../../../src/slack/views/policy.ts";
import { standingBlocks, standingSentences } from "../../../src/slack/views/standing.ts";
import { escapeReason, renderCard } from "../../../src/slack/views/card.ts";
import { verbosities } from "../../../src/run/channels/verbosity.ts";
import { channelMessage } from "../../../src/slack/views/channel.ts";
import { contextLines } from "../../../src/slack/views/context-lines.ts";
import { describeEvent } from "../../../src/slack/views/event-words/describe.ts";
import { renderExport, renderExportReply } from "../../../src/slack/views/export.ts";
import { renderLive } from "../../../src/slack/views/live.ts";
import { faultLines, planBlocks, planDetails } from "../../../src/slack/views/plan.ts";
import { runLine } from "../../../src/slack/views/run-line.ts";
import * as scheduleCard from "../../../src/slack/views/schedule-card.ts";
import { renderScheduleEvent, renderScheduleRequest } from "../../../src/slack/views/schedule-thread.ts";
import { findingBlocks, renderSummary } from "../../../src/slack/views/summary.ts";
import { renderSystem } from "../../../src/slack/views/system.ts";
import * as thread from "../../../src/slack/views/thread.ts";
import { parameterText, people, person } from "../../../src/slack/views/words.ts";
import { renderScheduledEnd } from "../../../src/slack/views/scheduled-end.ts";
import { withControls } from "../../../src/slack/views/thread-controls.ts";
import { stopBlocks, watchBlocks } from "../../../src/slack/views/watches.ts";
import { hostileStops, hostileWatches } from "./watch-samples.ts";
import { content, escapeText, section } from "../../../src/slack/limits.ts";
import { actionRenderers } from "./action-renderers.ts";
import { gameDayRenderers } from "./gameday-renderers.ts";
import { retrospectiveRenderers } from "./retrospective-renderers.ts";
import { homeRenderers } from "./home-renderers.ts";
import { runFormRenderers } from "./run-form-renderers.ts";
import type { Said } from "./said.ts";
import type { Samples } from "./samples.ts";

/** What a renderer is tried with: everything there is, with one hostile text wherever a text can be. */
export interface Hostile extends Samples {
  text: string;
}

/** Shows a renderer in all its states; or says that the function only helps others, or decides, and shows nothing itself. */
export type Entry = ((hostile: Hostile) => Said) | "helps others";

const of = <T extends RunEventType>({ events }: Hostile, ...types: T[]): Array<Extract<RunEvent, { type: T }>> =>
  events.filter((event): event is Extract<RunEvent, { type: T }> => (types as string[]).includes(event.type));

/**
 * Every file of src/slack/views (and what is said outside of it), every function that it exports. A test fails when one
 * is missing; a new renderer is a line.
 */
export const renderers: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  ...homeRenderers,
  ...actionRenderers,
  ...gameDayRenderers,
  ...runFormRenderers,
  ...retrospectiveRenderers,
  "views/alarm-list.ts": {
    renderAlarms: ({ alarms }) => [alarmList.renderAlarms([], "/chaos"), alarmList.renderAlarms(alarms, "/chaos")],
    alarmLine: ({ alarms }) => alarms.map(alarmList.alarmLine),
    alarmsSentence: ({ alarms }) => alarmList.alarmsSentence(alarms),
    alarmBlocks: ({ alarms }) => alarmList.alarmBlocks(alarms, "/chaos"),
  },
  "views/alarm.ts": {
    renderAlarm: (given) => given.runs.flatMap((run) => stories(given).map((story) => alarm.renderAlarm(run, story))),
    renderPage: (given) =>
      given.runs
        .slice(0, 1)
        .flatMap((run) =>
          stories(given).flatMap((story) =>
            of(given, "alarm-paged").flatMap((page) =>
              [true, false].map((is) => alarm.renderPage(run, story, page, { isLast: is, isElsewhere: is })),
            ),
          ),
        ),
    renderResolved: (given) =>
      given.runs
        .slice(0, 1)
        .flatMap((run) =>
          stories(given).flatMap((story) =>
            of(given, "alarm-resolved").map((event) => alarm.renderResolved(run, story, event)),
          ),
        ),
    renderAlarmLine: (given) =>
      of(given, "alarm-acknowledged", "alarm-checked", "restart-asked", "restart-done").map(alarm.renderAlarmLine),
    renderLadder: (given) => given.runs.map((run) => alarm.renderLadder(run, of(given, "heal-step"))),
  },
  "views/audit-head.ts": { renderAuditHead: (given) => of(given, "audit-head").map(renderAuditHead) },
  "views/card.ts": {
    renderCard: ({ runs, events }) => runs.flatMap((run) => [renderCard(run, []), renderCard(run, events)]),
    escapeReason: ({ text }) => escapeReason(text),
  },
  "views/channel.ts": {
    channelMessage: () => [
      channelMessage(null, "/chaos"),
      ...verbosities.map((verbosity) =>
        channelMessage({ verbosity, by: "U0BOB", at: "2026-01-01T00:00:00.000Z" }, "/chaos"),
      ),
    ],
  },
  "views/context-lines.ts": { contextLines: ({ report }) => contextLines(report).map(escapeText) },
  "views/decisions.ts": {
    standingApprovals: "helps others",
    approvalLines: ({ events }) => approvalLines(events),
    neededApprovals: "helps others",
  },
  "views/halt.ts": {
    haltSentence: ({ halts }) => halts.map(halt.haltSentence),
    resumeNote: ({ halts }) => halts.map((each) => halt.resumeNote(each, "/chaos")),
    figure: ({ standings }) => standings.map(({ runs }) => halt.figure(runs ?? [])),
    haltedRunLine: ({ standings }) => standings.flatMap(({ runs }) => (runs ?? []).map(halt.haltedRunLine)),
    clusterLines: ({ standings }) => standings.flatMap(({ clusters }) => halt.clusterLines(clusters)),
    haltBlocks: ({ standings }) => standings.flatMap((standing) => halt.haltBlocks(standing, "/chaos")),
    renderHalt: ({ halts, haltEvents }) =>
      halts.flatMap((each) => [halt.renderHalt(each, []), halt.renderHalt(each, haltEvents)]),
    renderResumed: ({ haltEvents }) =>
      haltEvents.flatMap((event) => (event.type === "resumed" ? [halt.renderResumed(event)] : [])),
    renderRunHalted: (given) => of(given, "halted").map(halt.renderRunHalted),
    renderGone: (given) =>
      of(given, "halted").flatMap((event) => of(given, "state").map((state) => halt.renderGone(event, state))),
    renderLeftover: (given) => of(given, "leftover-healed").map(halt.renderLeftover),
  },
  "views/note-form.ts": {
    noteForm: ({ runs }) => runs.map((run) => noteForm(run).blocks.filter(({ type }) => type !== "input")),
    noteText: "helps others",
  },
  "views/notice.ts": { renderNotice: ({ notices }) => notices.map(renderNotice) },
  "views/policy.ts": {
    explanationMessage: ({ explanations }) => explanations.map((each) => explanationMessage(each, "/chaos")),
    approvalText: ({ policy }) => policy.rules.map((rule) => approvalText(rule, policy)),
    policyMessage: ({ policy }) => policyMessage(policy, "/chaos", new Date("2026-12-24T12:00:00.000Z")),
  },
  "views/scheduled-end.ts": {
    renderScheduledEnd: (given) =>
      of(given, "state").flatMap((end) =>
        given.runs
          .slice(0, 1)
          .flatMap((run) => [
            renderScheduledEnd(run, given.text, end, undefined),
            ...of(given, "judged").map((judged) => renderScheduledEnd(run, given.text, end, judged)),
          ]),
      ),
  },
  "views/standing.ts": {
    standingSentences: ({ standings, alarms }) => standings.flatMap((each) => standingSentences(each, alarms)),
    standingBlocks: ({ standings, alarms }) => standings.flatMap((each) => standingBlocks(each, alarms, "/chaos")),
  },
  "views/export.ts": {
    renderExport: (given) => of(given, "exported").map((event) => renderExport(event)),
    renderExportReply: (given) =>
      of(given, "exported").map((event) => renderExportReply({ ...event, runId: "run-1", channelId: "C1" }, "C2")),
  },
  "views/live.ts": {
    renderLive: (given) => of(given, "probe-status").map(({ status, phase }) => renderLive(status, phase)),
    sparkline: "helps others",
  },
  "views/plan.ts": {
    planBlocks: ({ runs }) => runs.flatMap((run) => planBlocks(run.plan, run.digest)),
    faultLines: ({ runs }) => runs.flatMap((run) => faultLines(run.plan)),
    planDetails: ({ runs }) => runs.flatMap((run) => planDetails(run.plan, run.digest)),
  },
  "views/reader-time.ts": { readerTime: "helps others" },
  "views/run-line.ts": { runLine: ({ runs }) => runs.map(runLine) },
  "views/schedule-card.ts": {
    renderScheduleCard: ({ schedules }) => schedules.map(scheduleCard.renderScheduleCard),
    scheduleLine: ({ schedules }) => schedules.map(scheduleCard.scheduleLine),
    kindText: ({ schedules }) => schedules.map(scheduleCard.kindText),
    counted: "helps others",
    boundsText: ({ schedules }) => schedules.map(scheduleCard.boundsText),
    runByHand: ({ schedules }) => schedules.map(scheduleCard.runByHand),
  },
  "views/schedule-thread.ts": {
    renderScheduleRequest: ({ schedules, scheduleEvents }) =>
      schedules.flatMap((schedule) =>
        scheduleEvents.flatMap((event) => (event.type === "requested" ? [renderScheduleRequest(schedule, event)] : [])),
      ),
    renderScheduleEvent: ({ schedules, scheduleEvents }) =>
      schedules.flatMap((schedule) =>
        scheduleEvents.flatMap((event) => (event.type === "requested" ? [] : [renderScheduleEvent(schedule, event)])),
      ),
  },
  "views/summary.ts": {
    renderSummary: ({ report }) => renderSummary(report),
    findingBlocks: ({ report }) => findingBlocks(report.findings),
  },
  "views/system.ts": {
    renderSystem: (given) => [
      renderSystem("The system", of(given, "system"), null),
      renderSystem("The system", of(given, "system"), 400_000),
    ],
    isTold: "helps others",
  },
  "views/thread-controls.ts": {
    isControl: "helps others",
    withControls: ({ runs, text }) =>
      runs.map((run) => withControls(content(escapeText(text), [section(escapeText(text))]), run)),
  },
  "views/watches.ts": {
    watchBlocks: ({ text }) => content(escapeText(text), watchBlocks(hostileWatches(text))),
    stopBlocks: ({ text }) => content(escapeText(text), stopBlocks(hostileStops(text))),
  },
  "views/thread.ts": {
    renderRequest: (given) => of(given, "requested").map(thread.renderRequest),
    renderDecision: (given) =>
      of(given, "approved", "denied", "revoked", "expired", "approval-void", "abort-requested").flatMap((event) => [
        thread.renderDecision(event, null),
        thread.renderDecision(event, given.text),
      ]),
    renderNote: (given) => of(given, "note").map(thread.renderNote),
    renderGuards: (given) => [
      thread.renderGuards(undefined, of(given, "guard").slice(0, 1)),
      thread.renderGuards(of(given, "topology")[0], of(given, "guard")),
    ],
    renderState: (given) =>
      of(given, "state").flatMap((event) => [thread.renderState(event), thread.renderState(event, ["U0ALICE"])]),
    renderFaultIntended: (given) => of(given, "fault-intended").map(thread.renderFaultIntended),
    renderFaultInjected: (given) => of(given, "fault-injected").map(thread.renderFaultInjected),
    renderClaim: (given) => of(given, "claimed").map(thread.renderClaim),
    renderProblem: (given) => of(given, "problem").map(thread.renderProblem),
    renderStopCondition: (given) => of(given, "stop-condition").map(thread.renderStopCondition),
    renderHealing: (given) => thread.renderHealing(of(given, "fault-removed", "healing-proof", "converged")),
  },
  "views/words.ts": {
    isUserId: "helps others",
    person: ({ text }) => person(text),
    people: ({ text }) => people([text, text]),
    seconds: "helps others",
    count: "helps others",
    parameterText: ({ runs }) => runs.map((run) => parameterText(run.plan)),
    timeOfDay: "helps others",
    shortDigest: "helps others",
    injectsNothing: "helps others",
  },
  "views/event-words/describe.ts": {
    describeEvent: ({ text }) => knownEvents.map((event) => escapeText(describeEvent(event, everyDetail(text)))),
  },
  "errors.ts": {
    errorMessage: ({ text }) => [
      errorMessage(new AftershockError("bad_command", text, text), () => undefined),
      errorMessage(new Error(text), () => undefined),
      errorMessage(text, () => undefined),
    ],
  },
  "narrate.ts": {
    narrate: ({ runs, events }) =>
      runs
        .slice(0, 1)
        .flatMap((run) =>
          verbosities
            .flatMap((verbosity) => narrate(run, events, { verbosity, shown: new Set() }))
            .map(({ payload }) => (payload.kind === "message" ? payload : payload.comment)),
        ),
  },
  "halt-narrator.ts": {
    haltMessages: ({ halts, haltEvents }) =>
      halts.flatMap((each) =>
        haltMessages(each, haltEvents).map(({ payload }) => (payload.kind === "message" ? payload : payload.comment)),
      ),
  },
  "narrate-schedule.ts": {
    narrateScheduleEvents: ({ schedules, scheduleEvents }) =>
      schedules
        .slice(0, 2)
        .flatMap((schedule) =>
          narrateScheduleEvents(schedule, scheduleEvents).map(({ payload }) =>
            payload.kind === "message" ? payload : payload.comment,
          ),
        ),
  },
};

/** An alarm as it was raised, as somebody saw it, and as it is over. */
function stories(given: Hostile): AlarmStory[] {
  const [raised] = of(given, "alarm-raised");
  const [acknowledged] = of(given, "alarm-acknowledged");
  const [resolved] = of(given, "alarm-resolved");
  if (raised === undefined || acknowledged === undefined || resolved === undefined) throw new Error("no alarm");
  return [{ raised }, { raised, acknowledged }, { raised, acknowledged, resolved }, { raised, resolved }];
}

/** Names that systems have words for, and one that nobody knows. */
const knownEvents: readonly string[] = [
  "role",
  "lock",
  "wal-receiver",
  "endpoint",
  "leader",
  "without-quorum",
  "pool-lost",
  "pool-back",
  "pool-servers",
  "queue",
  "connected",
  "disconnected",
  "server",
  "measured",
  "amcheck",
  "content",
  "marker-read",
  "volume-attached",
  "partition-leader",
  "isr",
  "+switch-master",
  "nobody knows this",
];

/** An event's detail in which every name that anybody reads is the hostile text. */
function everyDetail(text: string): Record<string, string> {
  return new Proxy<Record<string, string>>({}, { get: () => text });
}
