import type { KnownBlock } from "@slack/types";
import type { SystemResults } from "../../../findings/comparison/trend.ts";
import type { OpenAlarm } from "../../../run/alarms/service.ts";
import type { Standing } from "../../../run/halt/service.ts";
import type { Overview, Waiting } from "../../../run/overview/overview.ts";
import type { Schedule } from "../../../run/schedules/schedule.ts";
import { divider, header, note, section } from "../../limits.ts";
import { alarmLine } from "../alarm-list.ts";
import { names, noExperiment } from "../../run-form/names.ts";
import { buttonRow, type ButtonText } from "../button.ts";
import { escapeReason } from "../card.ts";
import { haltBlocks } from "../halt.ts";
import { readerTime } from "../reader-time.ts";
import { scheduleLine } from "../schedule-card.ts";
import { detailsButton, runningLine, stopButton, waitingButtons, waitingLine } from "./lines.ts";
import { resultBlocks } from "./results.ts";
import { reasonText } from "./waiting-pick.ts";

/** What the App Home shows to one person, of all channels. */
export interface HomePage {
  overview: Overview;
  standing: Standing | null;
  alarms: readonly OpenAlarm[];
  schedules: readonly Schedule[];
  results: readonly SystemResults[];
  /** Sections of other parts, each with its title; none: it is not shown. */
  more?: ReadonlyArray<{ title: string; blocks: readonly KnownBlock[] }>;
  command: string;
}

const runButton: ButtonText = { action: names.form, text: "Run…", value: noExperiment };

/** Of each kind; more are counted. With the results that is far from the 100 blocks that Slack takes. */
const mostShown = 5;

/** The App Home: what is for this person to do, what runs, what came of it. */
export function renderAppHome(page: HomePage): KnownBlock[] {
  const { overview, alarms, schedules, results, command } = page;
  const mine = overview.waiting.filter(({ role }) => role === "decide");
  const others = overview.waiting.filter(({ role }) => role !== "decide");
  const isEmpty =
    overview.waiting.length + overview.running.length + alarms.length + schedules.length + results.length === 0;
  return [
    header("Aftershock"),
    ...haltSwitch(page),
    ...(isEmpty ? firstDay(command) : page.standing === null ? buttonRow("begin", [runButton]) : []),
    ...titled("Cleanups that were not proven", alarmBlocks(alarms)),
    ...titled("Waiting for your approval", waitingBlocks("mine", mine, mine.length)),
    ...titled("Running now", runningBlocks(overview)),
    ...titled("Waiting for somebody else", waitingBlocks("others", others, overview.counts.waiting - mine.length)),
    ...titled("Last results", resultBlocks(results)),
    ...(page.more ?? []).flatMap(({ title, blocks }) => titled(title, blocks)),
    ...titled("Schedules", scheduleBlocks(schedules)),
    divider,
    note(`As of ${readerTime(overview.at)}; it follows while you look · the same in a channel: \`${command}\``),
  ];
}

function titled(title: string, blocks: readonly KnownBlock[]): KnownBlock[] {
  return blocks.length === 0 ? [] : [divider, section(`*${title}*`), ...blocks];
}

/** For those entitled; others are told who is. */
function haltSwitch({ overview, standing, command }: HomePage): KnownBlock[] {
  if (standing !== null) {
    const button = {
      action: "resume",
      text: "Let runs start again",
      value: standing.halt.id,
      style: "primary" as const,
      confirm: "Runs may start again everywhere. Nothing that was stopped starts by itself.",
    };
    return [
      ...haltBlocks(standing, command),
      ...(overview.mayResume === null ? buttonRow("halt-switch", [button]) : [note(escapeReason(overview.mayResume))]),
    ];
  }
  const running = overview.counts.running;
  const state =
    running === 0 ? "Nothing runs now." : `${running} ${running === 1 ? "run waits or runs" : "runs wait or run"}.`;
  return [
    section(`:large_green_circle: Runs may start. ${state}`),
    ...(overview.mayHalt === null
      ? buttonRow("halt-switch", [
          {
            action: "halt",
            text: "Halt everything",
            value: "halt",
            style: "danger",
            confirm:
              "Every run is stopped and healed at once, on every cluster, and nothing starts until somebody entitled lets it.",
          },
        ])
      : [note(escapeReason(overview.mayHalt))]),
  ];
}

function firstDay(command: string): KnownBlock[] {
  return [
    divider,
    section(
      [
        "*Nothing has run here yet.*",
        "I break things on purpose, in systems that hold data, and say what was lost and which setting would have prevented it.",
        `1. See what there is: \`${command} list\``,
        `2. See the exact targets; nothing is touched: \`${command} run redis-split-brain --dry-run\``,
        `3. Ask for it in a channel: \`${command} run redis-split-brain\`. Nothing starts before somebody else approves.`,
      ].join("\n"),
    ),
    ...buttonRow("first-day", [
      { action: "open", text: "Getting started", value: "help getting-started", style: "primary" },
      runButton,
      { action: "open", text: "Experiments", value: "list" },
    ]),
  ];
}

function alarmBlocks(alarms: readonly OpenAlarm[]): KnownBlock[] {
  const shown = alarms.slice(0, mostShown).flatMap((one, at) => {
    const { alarm, run } = one;
    return [
      section(alarmLine(one)),
      ...buttonRow(`alarm:${at}`, [
        ...(alarm.acknowledgedAt === null ? [{ action: "ack-alarm", text: "Acknowledge", value: run.id }] : []),
        ...(alarm.state === "resolved" ? [] : [{ action: "check-alarm", text: "Heal and check now", value: run.id }]),
        detailsButton(run),
      ]),
    ];
  });
  return [...shown, ...more(alarms.length)];
}

/** `inAll`: how many there are, shown or not. */
function waitingBlocks(whose: string, waiting: readonly Waiting[], inAll: number): KnownBlock[] {
  const shown = waiting.slice(0, mostShown).flatMap((one, at) => {
    const why = reasonText(one);
    return [
      section(why === "" ? waitingLine(one) : `${waitingLine(one)}\n_${why}_`),
      ...buttonRow(`${whose}:${at}`, waitingButtons(one, "home")),
    ];
  });
  return [...shown, ...(waiting.length === 0 ? [] : more(Math.max(inAll, waiting.length)))];
}

function runningBlocks({ running, counts }: Overview): KnownBlock[] {
  const shown = running
    .slice(0, mostShown)
    .flatMap((run, at) => [
      section(runningLine(run)),
      ...buttonRow(`runs:${at}`, [...stopButton(run, "home"), detailsButton(run)]),
    ]);
  return [...shown, ...(running.length === 0 ? [] : more(Math.max(counts.running, running.length)))];
}

function scheduleBlocks(schedules: readonly Schedule[]): KnownBlock[] {
  const active = schedules.filter(({ state }) => state === "active");
  const shown = active.slice(0, mostShown);
  return [
    ...shown.map((schedule) => section(scheduleLine(schedule))),
    ...buttonRow(
      "schedules",
      shown.map(({ id }) => ({ action: "open", text: id, value: `schedules ${id}` })),
    ),
    ...more(active.length),
  ];
}

function more(inAll: number): KnownBlock[] {
  return inAll > mostShown ? [note(`… and ${inAll - mostShown} more`)] : [];
}
