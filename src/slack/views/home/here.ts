import type { KnownBlock } from "@slack/types";
import type { OpenAlarm } from "../../../run/alarms/service.ts";
import type { Standing } from "../../../run/halt/service.ts";
import type { Overview, Waiting } from "../../../run/overview/overview.ts";
import { content, note, section, type MessageContent } from "../../limits.ts";
import { buttonRow, type ButtonText } from "../button.ts";
import { names, noExperiment } from "../../run-form/names.ts";
import { standingBlocks, standingSentences } from "../standing.ts";
import { detailsButton, runningLine, stopButton, waitingButtons, waitingLine } from "./lines.ts";

/** What `/chaos` alone shows, in one channel. */
export interface Here {
  overview: Overview;
  channelId: string;
  standing: Standing | null;
  alarms: readonly OpenAlarm[];
  /** Whether a run was ever asked for in this channel. */
  isFirstDay: boolean;
  /** Names of the verbs there are, so that no button leads nowhere. */
  verbs: readonly string[];
  command: string;
}

/** Of each kind; the rest is counted. */
const mostHere = 3;

/** What waits for this person here, what runs, and what they can do: each with its buttons. Never a wall of text. */
export function renderHere(here: Here): MessageContent {
  const { overview, channelId, standing, alarms, command } = here;
  const inThisChannel = ({ what }: Waiting): boolean =>
    (what.kind === "run" ? what.run.channelId : what.schedule.channelId) === channelId;
  const waiting = overview.waiting.filter(inThisChannel);
  const mine = waiting.filter(({ role }) => role === "decide");
  const others = waiting.filter(({ role }) => role !== "decide");
  const running = overview.running.filter((run) => run.channelId === channelId);
  const elsewhere = overview.waiting.filter((one) => one.role === "decide" && !inThisChannel(one)).length;
  const nothing = waiting.length === 0 && running.length === 0;
  const blocks = [
    ...standingBlocks(standing, alarms, command),
    ...alarmButtons(alarms),
    ...(mine.length === 0 ? [] : [section("*Waits for you*"), ...waitingBlocks("mine", mine, command)]),
    ...(others.length === 0 ? [] : [section("*Waits for somebody else*"), ...waitingBlocks("others", others, command)]),
    ...(running.length === 0 ? [] : [section("*Runs now*"), ...runningBlocks(running, command)]),
    ...(nothing ? [section(here.isFirstDay ? firstDay : quiet)] : []),
    ...(elsewhere === 0
      ? []
      : [
          note(
            `${elsewhere} ${elsewhere === 1 ? "request waits" : "requests wait"} for you in other channels: see my Home tab`,
          ),
        ]),
    ...buttonRow("can-do", whatOneCanDo(here)),
    note(
      `\`${command} help\` has all commands · \`${command} run NAME --dry-run\` shows the exact targets and touches nothing`,
    ),
  ];
  const sentences = [
    ...standingSentences(standing, alarms),
    ...(nothing ? [quiet] : []),
    ...(mine.length === 0 ? [] : [`${mine.length} waiting for your approval.`]),
    ...(others.length === 0 ? [] : [`${others.length} waiting for approval by others.`]),
    ...(running.length === 0 ? [] : [`${running.length} running.`]),
  ];
  return content(sentences.join("\n"), blocks);
}

const quiet = "Nothing runs or waits in this channel.";
const firstDay = [
  "*Nothing has run here yet.*",
  "I break things on purpose, in systems that hold data, and say what was lost and which setting would have prevented it.",
  "Pick an experiment, look at its exact targets, and ask for it. Nothing is touched before somebody else approves.",
].join("\n");

function waitingBlocks(whose: string, waiting: readonly Waiting[], command: string): KnownBlock[] {
  return [
    ...waiting
      .slice(0, mostHere)
      .flatMap((one, at) => [
        section(waitingLine(one)),
        ...buttonRow(`${whose}:${at}`, waitingButtons(one, "message")),
      ]),
    ...more(waiting.length, `${command} approve`),
  ];
}

function runningBlocks(running: Overview["running"], command: string): KnownBlock[] {
  return [
    ...running
      .slice(0, mostHere)
      .flatMap((run, at) => [
        section(runningLine(run)),
        ...buttonRow(`runs:${at}`, [...stopButton(run, "message"), detailsButton(run)]),
      ]),
    ...more(running.length, `${command} status`),
  ];
}

function more(count: number, typed: string): KnownBlock[] {
  return count > mostHere ? [note(`… and ${count - mostHere} more: \`${typed}\``)] : [];
}

function alarmButtons(alarms: readonly OpenAlarm[]): KnownBlock[] {
  const unseen = alarms.filter(({ alarm }) => alarm.acknowledgedAt === null).slice(0, mostHere);
  return buttonRow("alarms", [
    ...unseen.map(({ run }) => ({ action: "pick-ack", text: `Acknowledge ${run.id}`, value: run.id })),
    ...(alarms.length === 0 ? [] : [{ action: "open", text: "Alarms", value: "alarms" }]),
  ]);
}

function whatOneCanDo({ verbs, isFirstDay }: Here): ButtonText[] {
  const open = (text: string, value: string): ButtonText => ({ action: "open", text, value });
  const wanted: ButtonText[] = isFirstDay
    ? [{ ...open("Getting started", "help getting-started"), style: "primary" }, open("Experiments", "list")]
    : [open("Experiments", "list"), open("Last runs", "status"), open("Schedules", "schedules")];
  return [
    { action: names.form, text: "Run…", value: noExperiment },
    ...wanted,
    ...(verbs.includes("actions") && !isFirstDay ? [open("Actions", "actions")] : []),
    ...(verbs.includes("gameday") ? [open("Game day", "gameday")] : []),
    open("Help", "help"),
  ];
}
