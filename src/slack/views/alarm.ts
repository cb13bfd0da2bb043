import type { Button, KnownBlock } from "@slack/types";
import { wayOut } from "../../run/alarms/alarm.ts";
import type { RunEvent } from "../../run/events.ts";
import type { RunRow } from "../../run/service.ts";
import { formatDuration } from "../../experiment/duration.ts";
import { clamp, content, escapeText, limits, note, plain, section, type MessageContent } from "../limits.ts";
import { actionPrefix } from "../action-prefix.ts";
import { readerTime } from "./reader-time.ts";
import { person, seconds, timeOfDay } from "./words.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** Everything that was said of a run's alarm so far. */
export interface AlarmStory {
  raised: EventOf<"alarm-raised">;
  acknowledged?: EventOf<"alarm-acknowledged">;
  resolved?: EventOf<"alarm-resolved">;
}

const mostCommands = 6;
const mostReasons = 6;
const mostPods = 4;

/** The alarm in the run's thread: what is amiss, how to look and to mend it, and who has seen it. Edited as it goes on. */
export function renderAlarm(run: RunRow, story: AlarmStory): MessageContent {
  const title = alarmTitle(run, story);
  return content(title, [
    section(`*${title}*\n${standing(story)}`),
    section(reasonsText(story.raised.reasons)),
    ...(story.resolved === undefined ? [section(commandsText(story.raised))] : []),
    ...actions(run, story, "alarm"),
    note(next(run, story)),
  ]);
}

/** A page in the channel: it mentions whom it concerns. Buttons only while it is the last one, and nobody has seen it. */
export function renderPage(
  run: RunRow,
  story: AlarmStory,
  page: EventOf<"alarm-paged">,
  place: { isLast: boolean; isElsewhere: boolean },
): MessageContent {
  const { raised } = story;
  const people = [...raised.people.map(person), ...raised.groups.map(group)].join(" ");
  const title = alarmTitle(run, story);
  const first = raised.reasons[0] ?? "";
  const again = place.isElsewhere ? ` in <#${channel(run.channelId)}>` : "";
  const open = story.acknowledged === undefined && story.resolved === undefined;
  return content(`${title} ${people}`, [
    section(`*${title}*${again} ${people}`),
    section(`${escapeText(clamp(first, 600))}\n${standing(story)}`),
    ...(place.isLast ? [section(commandsText(raised)), ...actions(run, story, `page${page.number}`)] : []),
    note(
      place.isLast && open
        ? `Page ${page.number}. The next comes in ${formatDuration(page.againAfterMs)}, unless somebody acknowledges the alarm: \`/chaos alarms ack ${run.id}\``
        : `Page ${page.number}, at ${timeOfDay(page.at)}`,
    ),
  ]);
}

/** That it is over is said where it was paged. */
export function renderResolved(run: RunRow, story: AlarmStory, event: EventOf<"alarm-resolved">): MessageContent {
  const text = `:white_check_mark: *The cleanup of ${run.id} is proven now*, at ${timeOfDay(event.at)}: healed again, and ${event.proofs.length} of ${event.proofs.length} proofs hold.`;
  const left = story.acknowledged === undefined ? [note(next(run, story))] : [];
  return content(`The cleanup of ${run.id} is proven now`, [section(text), ...left]);
}

/** What people and workers did about it, one line each, in the thread. */
export function renderAlarmLine(
  event: EventOf<"alarm-acknowledged" | "alarm-checked" | "restart-asked" | "restart-done">,
): MessageContent {
  switch (event.type) {
    case "alarm-acknowledged":
      return line(`:eyes: ${person(event.by)} acknowledged the alarm at ${timeOfDay(event.at)}.`);
    case "alarm-checked": {
      const who = event.by === null ? "" : `, as ${person(event.by)} asked`;
      return line(
        `:rotating_light: Healed again and checked at ${timeOfDay(event.at)}${who}: the cleanup is still unverified.\n${escapeText(clamp(event.problem, 1500))}`,
      );
    }
    case "restart-asked":
      return line(
        `:recycle: ${person(event.by)} asked at ${timeOfDay(event.at)} to restart pod \`${escapeText(event.pod)}\`.`,
      );
    case "restart-done":
      return line(
        `${event.ok ? ":recycle:" : ":x:"} Pod \`${escapeText(event.pod)}\`: ${escapeText(clamp(event.detail, 600))}`,
      );
  }
}

/** The rungs of the abort ladder for what did not go at once, in one message that grows; null while all goes as it should. */
export function renderLadder(run: RunRow, steps: ReadonlyArray<EventOf<"heal-step">>): MessageContent | null {
  const slow = new Set(steps.filter(({ step }) => step !== "delete" && step !== "gone").map(keyOf));
  const told = steps.filter((step) => slow.has(keyOf(step)));
  if (told.length === 0) return null;
  const title = "A fault will not go away: what is done about it";
  const rows = told.map(
    (event) =>
      `${icons[event.step]} ${seconds(event.afterMs)} ${escapeText(event.kind)} \`${escapeText(event.name)}\`: ${words[event.step]}${event.detail === "" ? "" : ` (${escapeText(clamp(event.detail, 600))})`}`,
  );
  const offered = [...slow].flatMap((key) => {
    const last = told.findLast((step) => keyOf(step) === key);
    return last?.step === "restart-offered" ? last.pods : [];
  });
  const pods = run.state === "healing" ? [...new Set(offered)].slice(0, mostPods) : [];
  return content(title, [
    section(`*${title}*`),
    section(rows.join("\n")),
    ...(pods.length === 0
      ? []
      : [
          {
            type: "actions" as const,
            block_id: `ladder:${run.id}`,
            elements: pods.map((pod, at) => restartButton(run, pod, at)),
          },
          note("A restarted pod has no rules and no layer of a fault. Its clients lose their connections."),
        ]),
  ]);
}

const icons: Readonly<Record<EventOf<"heal-step">["step"], string>> = {
  delete: ":wastebasket:",
  unreachable: ":warning:",
  gone: ":adhesive_bandage:",
  stuck: ":warning:",
  "restart-offered": ":recycle:",
  forced: ":rotating_light:",
  "gave-up": ":rotating_light:",
};

const words: Readonly<Record<EventOf<"heal-step">["step"], string>> = {
  delete: "DELETE",
  unreachable: "the cluster does not answer; asked again",
  gone: "gone",
  stuck: "still there",
  "restart-offered": "somebody who may approve can restart its target, with a button below or `/chaos alarms restart`",
  forced: "removed by force, without the controller's word that it undid the fault",
  "gave-up": "not removed, still there",
};

function keyOf({ kind, namespace, name }: EventOf<"heal-step">): string {
  return `${kind}/${namespace}/${name}`;
}

function alarmTitle(run: RunRow, { raised, acknowledged, resolved }: AlarmStory): string {
  const target = `${run.id} on ${escapeText(raised.target)}`;
  if (resolved !== undefined) return `:white_check_mark: Cleanup proven after an alarm: ${target}`;
  const icon = acknowledged === undefined ? ":rotating_light:" : ":eyes:";
  return `${icon} CLEANUP UNVERIFIED: ${target}`;
}

function standing({ raised, acknowledged, resolved }: AlarmStory): string {
  return [
    `Raised ${readerTime(raised.at)}.`,
    acknowledged === undefined
      ? "Nobody has acknowledged it; that stops the paging and heals nothing."
      : `${person(acknowledged.by)} acknowledged it at ${timeOfDay(acknowledged.at)}.`,
    ...(resolved === undefined ? [] : [`Proven clean at ${timeOfDay(resolved.at)}.`]),
  ].join(" ");
}

function next(run: RunRow, { acknowledged, resolved }: AlarmStory): string {
  const left = wayOut({
    runId: run.id,
    state: resolved !== undefined ? "resolved" : acknowledged === undefined ? "raised" : "acknowledged",
    acknowledgedAt: acknowledged?.at ?? null,
  });
  return left === "" ? "The target is free again." : `No other run starts on this target until you ${left}`;
}

function reasonsText(reasons: readonly string[]): string {
  const shown = reasons.slice(0, mostReasons).map((reason) => `• ${escapeText(clamp(reason, 400))}`);
  const more = reasons.length - shown.length;
  return [...shown, ...(more > 0 ? [`… and ${more} more in the report`] : [])].join("\n") || "–";
}

function commandsText({ look, mend }: EventOf<"alarm-raised">): string {
  const block = (title: string, commands: readonly string[]): string => {
    // A backtick inside would end the block early.
    const lines = commands
      .slice(0, mostCommands)
      .map((command) => clamp(escapeText(command.replaceAll("`", "'")), 200));
    return lines.length === 0 ? "" : `${title}\n\`\`\`${lines.join("\n")}\`\`\``;
  };
  return (
    [block("To look, in a shell:", look), block("To heal by hand, in a shell:", mend)].filter(Boolean).join("\n") || "–"
  );
}

function actions(run: RunRow, { raised, acknowledged, resolved }: AlarmStory, block: string): KnownBlock[] {
  const elements: Button[] = [
    ...(acknowledged === undefined ? [button("ack-alarm", "Acknowledge", run.id, "primary")] : []),
    ...(resolved === undefined
      ? [
          button("check-alarm", "Heal and check", run.id),
          ...raised.pods.slice(0, mostPods - 1).map((pod, at) => restartButton(run, pod, at)),
        ]
      : []),
  ];
  return elements.length === 0
    ? []
    : [{ type: "actions", block_id: `${block}:${run.id}`, elements: elements.slice(0, 5) }];
}

/** Asked twice: it hits the target itself. */
function restartButton(run: RunRow, pod: string, at: number): Button {
  const text = `Its pod in ${run.plan.cluster}/${run.plan.namespace} is deleted and made anew. Its clients lose their connections.`;
  return {
    ...button("restart-target", clamp(`Restart ${pod}`, limits.buttonText), `${run.id}/${pod}`, "danger"),
    // One action id may stand only once in a block; a pod's name (up to 253 characters) would be too long for it.
    action_id: `${actionPrefix}restart-target:${at}`,
    confirm: {
      title: { type: "plain_text", text: clamp(`Restart ${pod}?`, 100) },
      text: { type: "plain_text", text: plain(text, limits.confirmText) },
      confirm: { type: "plain_text", text: "Restart it" },
      deny: { type: "plain_text", text: "Cancel" },
    },
  };
}

function button(name: string, text: string, value: string, style?: "primary" | "danger"): Button {
  return {
    type: "button",
    action_id: `${actionPrefix}${name}`,
    text: { type: "plain_text", text },
    value,
    ...(style === undefined ? {} : { style }),
  };
}

function group(id: string): string {
  return /^S[A-Z0-9]+$/.test(id) ? `<!subteam^${id}>` : escapeText(id);
}

function channel(id: string): string {
  return id.replaceAll(/[^A-Z0-9]/g, "");
}

function line(text: string): MessageContent {
  return content(text, [section(text)]);
}
