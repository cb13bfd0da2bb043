import type { Halt, HaltCluster, HaltedRun, HaltEvent } from "../../run/halt/halt.ts";
import type { KnownBlock } from "@slack/types";
import type { RunEvent } from "../../run/events.ts";
import type { Standing } from "../../run/halt/service.ts";
import { content, escapeText, header, note, section, type MessageContent } from "../limits.ts";
import { stateWords, timeOfDay, person, seconds } from "./words.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** A list of more runs than this says how many more there are. */
const mostRuns = 20;

/** What holds, in one sentence that everybody who is refused gets to see, too. */
export function haltSentence(halt: Halt): string {
  const from = halt.fromCluster === null ? "" : ` (from a shell, on cluster ${escapeText(halt.fromCluster)})`;
  return `Everything is *halted* by ${person(halt.by)}${from} since ${timeOfDay(halt.at)}${because(halt.reason)}. Nothing starts.`;
}

/** What an entitled person types, and where else it was set. */
export function resumeNote(halt: Halt, command: string): string {
  const there =
    halt.fromCluster === null ? "" : ` (in a shell: \`aftershock resume\`, cluster ${escapeText(halt.fromCluster)})`;
  return `\`${command} resume\`${there} lets runs start again; \`${command} policy\` says who may`;
}

/** `4 runs stopped, last fault gone after 2.1 s`: the figure of a halt. Pure. */
export function figure(runs: readonly HaltedRun[]): string {
  if (runs.length === 0) return "Nothing ran or waited.";
  const gone = runs.flatMap(({ goneAfterMs }) => goneAfterMs ?? []);
  const stopped = `${runs.length} ${runs.length === 1 ? "run" : "runs"} stopped`;
  const unproven = runs.filter(({ proven }) => !proven).length;
  if (unproven > 0) return `${stopped}, cleanup of ${unproven} unverified: a fault may remain`;
  return gone.length === 0
    ? `${stopped}, no fault was in place`
    : `${stopped}, last fault gone after ${seconds(Math.max(...gone))}`;
}

/** One run that a halt stopped. */
export function haltedRunLine({ run, was, goneAfterMs, proven }: HaltedRun): string {
  const what = goneAfterMs === null ? "no fault was in place" : `its last fault was gone after ${seconds(goneAfterMs)}`;
  const found = proven ? what : ":rotating_light: *cleanup unverified, a fault may remain*, see its thread";
  return `• *${run}* (was: ${stateWords[was].text}): ${found}`;
}

/** How clusters stand to a halt: named only where something is amiss. */
export function clusterLines(clusters: readonly HaltCluster[]): string[] {
  return clusters.flatMap(({ cluster, state, problem }) =>
    state === "unreachable"
      ? [
          `:warning: Cluster *${escapeText(cluster)}* does not answer, and a fault may remain there: ${escapeText(problem ?? "")} I keep trying.`,
        ]
      : [],
  );
}

/** What holds, for `/chaos` and `/chaos status`. */
export function haltBlocks({ halt, clusters, runs }: Standing, command: string): KnownBlock[] {
  const state = runs === null ? "Running experiments are being healed." : figure(runs);
  return [
    section([`:octagonal_sign: ${haltSentence(halt)}`, state, ...clusterLines(clusters)].join("\n")),
    note(resumeNote(halt, command)),
  ];
}

/** The one message of a halt in the channel where it was typed. */
export function renderHalt(halt: Halt, events: readonly HaltEvent[]): MessageContent {
  const stopped = events.filter((event) => event.type === "run-stopped");
  const settled = events.findLast((event) => event.type === "settled");
  const clusters = new Map(events.flatMap((event) => (event.type === "cluster" ? [[event.cluster, event]] : [])));
  const over = halt.resumedAt !== null;
  const summary =
    settled?.type === "settled"
      ? figure(settled.runs)
      : stopped.length === 0
        ? "No run had to be stopped so far"
        : `${stopped.length} ${stopped.length === 1 ? "run is" : "runs are"} being stopped and healed`;
  const runs =
    settled?.type === "settled"
      ? settled.runs.toSorted((one, other) => Number(one.proven) - Number(other.proven)).map(haltedRunLine)
      : stopped.flatMap((event) => (event.type === "run-stopped" ? [`• *${event.run}*`] : []));
  const listed = runs.length > mostRuns ? [...runs.slice(0, mostRuns), `… and ${runs.length - mostRuns} more`] : runs;
  const ended = over
    ? `Ended ${timeOfDay(halt.resumedAt ?? "")}: ${person(halt.resumedBy ?? "")} let runs start again${because(halt.resumeReason)}.`
    : "";
  return content(`${over ? "Was halted" : "HALTED"} by ${person(halt.by)}: ${summary}`, [
    header(over ? "Was halted" : "Everything is halted"),
    section(
      over
        ? `Halted by ${person(halt.by)} at ${timeOfDay(halt.at)}${because(halt.reason)}.\n${ended}`
        : haltSentence(halt),
    ),
    section([`*${summary}*`, ...listed].join("\n")),
    ...[...clusterLines([...clusters.values()])].map((line) => section(line)),
    note(over ? "Ask again for what was stopped: `/chaos run NAME`" : resumeNote(halt, "/chaos")),
  ]);
}

export function renderResumed(event: Extract<HaltEvent, { type: "resumed" }>): MessageContent {
  const text = `:arrow_forward: ${person(event.by)} let runs start again at ${timeOfDay(event.at)}${because(event.reason)}. Nothing that was stopped starts by itself.`;
  return content(text, [section(text)]);
}

/** In a run's thread: that a halt stopped it. */
export function renderRunHalted(event: EventOf<"halted">): MessageContent {
  return line(
    `:octagonal_sign: *Halted* with everything else by ${person(event.by)} at ${timeOfDay(event.at)}${because(event.reason)}`,
  );
}

/** In a run's thread: how long after the halt its last fault was gone. */
export function renderGone(halted: EventOf<"halted">, over: EventOf<"state">): MessageContent {
  const afterMs = Math.max(0, Date.parse(over.at) - Date.parse(halted.at));
  return line(`:stopwatch: Last fault gone ${seconds(afterMs)} after the halt`);
}

/** In the thread of a run that had ended: what was found of it, and what became of that. */
export function renderLeftover(event: EventOf<"leftover-healed">): MessageContent {
  const what = `${escapeText(event.kind)} \`${escapeText(event.name)}\` was still on the cluster after the run had ended`;
  return line(
    event.ok
      ? `:broom: ${what}; it was removed in ${seconds(event.tookMs)}`
      : `:rotating_light: *CLEANUP UNVERIFIED*: ${what} and could not be removed: ${escapeText(event.detail)}`,
  );
}

function because(reason: string | null): string {
  return reason === null ? "" : `: ${escapeText(reason)}`;
}

function line(text: string): MessageContent {
  return content(text, [section(text)]);
}
