import type { KnownBlock } from "@slack/types";
import type { ItemRecord, Retrospective } from "../../../gameday/retrospective/record.ts";
import {
  expectedText,
  outcomeCounts,
  outcomeWords,
  scoreWords,
  timeText,
} from "../../../gameday/retrospective/words.ts";
import { content, divider, escapeText, fields, header, note, section, type MessageContent } from "../../limits.ts";
import { buttonRow } from "../button.ts";
import { readerTime } from "../reader-time.ts";
import { person } from "../words.ts";
import { resultText, shortText } from "./words.ts";

/** Items with all that is to be said; more are in the file. */
const mostItems = 8;
const mostFindings = 3;
const mostPeople = 6;
const mostActions = 6;

/** What a game day came to, in one message; the file beside it has all of it. */
export function renderRetrospective(retro: Retrospective, command: string): MessageContent {
  const { items } = retro;
  const ran = items.filter(({ outcome }) => outcome === "ran");
  const others = items.filter(({ outcome }) => outcome !== "ran");
  const text = `Retrospective of ${retro.gameDay}, ${escapeText(retro.title)}: ${outcomeCounts(retro)}`;
  return content(text, [
    header(`Retrospective: ${retro.title}`),
    fields([
      ["Began", retro.startedAt === null ? "never" : readerTime(retro.startedAt)],
      ["Ended", `${readerTime(retro.endedAt)} by ${person(retro.endedBy)}`],
      ["Items", outcomeCounts(retro)],
      ["Who was there", peopleText(retro.attendance.map(({ userId }) => userId))],
    ]),
    ...ran.slice(0, mostItems).flatMap((item) => [divider, section(itemText(item))]),
    ...(ran.length > mostItems ? [note(`… and ${ran.length - mostItems} more in the file`)] : []),
    ...othersBlocks(others),
    ...scoreBlocks(retro),
    ...actionBlocks(retro),
    ...buttonRow("retrospective", [
      ...ran
        .slice(0, mostItems)
        .flatMap(({ run }) =>
          run === null ? [] : [{ action: "action-add", text: `Add an action of ${run}…`, value: run }],
        ),
      { action: "open", text: "Open actions", value: "actions" },
    ]),
    note(
      `The whole of it, with its timeline and notes, is in the file · again: \`${command} gameday retro ${retro.gameDay}\``,
    ),
  ]);
}

function itemText(item: ItemRecord): string {
  const { result, findings } = item;
  const found = findings
    .slice(0, mostFindings)
    .map(({ severity, title }) => `• ${escapeText(severity)}: ${shortText(title, 150)}`);
  const more = findings.length - found.length;
  const seen = item.firstSeen === null ? "unknown" : `${timeText(item.toSeeMs)}, ${person(item.firstSeen.by)}`;
  const detected =
    item.detected === null
      ? "unknown"
      : `${timeText(item.toDetectMs)}, by ${item.detected.how === "probe" ? "a probe" : "a stop condition"}`;
  return [
    `*${item.item}. ${shortText(item.title)}*${item.run === null ? "" : ` (${escapeText(item.run)})`}: ${result === null ? outcomeWords[item.outcome] : resultText(result)}`,
    `From the injection: seen by a person after ${seen} · detected by monitoring after ${detected}`,
    `Fault removed after ${timeText(item.toHealMs)} · recovered after ${timeText(item.toRecoverMs)}`,
    ...found,
    ...(more > 0 ? [`• … and ${more} more findings`] : []),
    ...predictionLines(item),
  ].join("\n");
}

function predictionLines({ predictions }: ItemRecord): string[] {
  if (predictions.length === 0) return [];
  const said = predictions
    .slice(0, mostPeople)
    .map(
      (each) =>
        `${person(each.by)} ${escapeText(expectedText(each))} (${scoreWords[each.hypothesis]}, losses ${scoreWords[each.loss]})`,
    );
  const more = predictions.length - said.length;
  return [`Predicted: ${said.join("; ")}${more > 0 ? ` … and ${more} more` : ""}`];
}

function othersBlocks(others: readonly ItemRecord[]): KnownBlock[] {
  if (others.length === 0) return [];
  const lines = others.slice(0, mostItems).map(({ item, title, outcome, reason, votes }) => {
    const against = votes
      .filter(({ vote }) => vote === "no-go")
      .map(({ by, reason: why }) => `${person(by)}${why === null || why === reason ? "" : `: ${shortText(why)}`}`);
    const why = reason === null ? "" : `: ${shortText(reason)}`;
    return `• *${item}. ${shortText(title)}*: ${outcomeWords[outcome]}${why}${against.length === 0 ? "" : ` (no-go by ${against.join(", ")})`}`;
  });
  const more = others.length - lines.length;
  return [
    divider,
    section(["*What did not run, and why*", ...lines, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n")),
  ];
}

function scoreBlocks({ scores }: Retrospective): KnownBlock[] {
  if (scores.length === 0) return [];
  const lines = scores
    .slice(0, mostPeople)
    .map(({ by, right, wrong }) => `${person(by)} ${right} right, ${wrong} wrong`);
  return [divider, section(`*Predictions*\n${lines.join(" · ")}`)];
}

function actionBlocks({ actions }: Retrospective): KnownBlock[] {
  const lines = actions
    .slice(0, mostActions)
    .map(
      ({ id, title, owner, dueOn, state }) =>
        `• ${escapeText(id)} ${shortText(title)}: ${person(owner)}${dueOn === null ? "" : `, due ${escapeText(dueOn)}`}${state === "open" ? "" : `, ${state}`}`,
    );
  const more = actions.length - lines.length;
  return [
    divider,
    section(
      [
        "*Action items*",
        ...(lines.length === 0 ? ["None yet: add them below, with an owner and a day."] : lines),
        ...(more > 0 ? [`… and ${more} more`] : []),
      ].join("\n"),
    ),
  ];
}

function peopleText(userIds: readonly string[]): string {
  const shown = userIds.slice(0, mostPeople).map(person);
  const more = userIds.length - shown.length;
  return `${shown.join(", ") || "nobody"}${more > 0 ? ` and ${more} more` : ""}`;
}
