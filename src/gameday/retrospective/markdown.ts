import { table } from "../../findings/markdown-table.ts";
import type { ItemRecord, Retrospective } from "./record.ts";
import { expectedText, kindWords, outcomeCounts, outcomeWords, scoreWords, timeText } from "./words.ts";

/**
 * The retrospective as Markdown, for people and for tickets. People stand in it as Slack's ids, since nothing else of
 * them is known; moments are UTC. Pure.
 */
export function retrospectiveMarkdown(retro: Retrospective): string {
  const { items } = retro;
  return `${[
    `# ${plain(retro.title)}: retrospective of ${retro.gameDay}`,
    table(
      ["", ""],
      [
        ["Began", retro.startedAt ?? "unknown"],
        [
          "Ended",
          `${retro.endedAt}, by ${retro.endedBy}${retro.endReason === null ? "" : `: ${plain(retro.endReason)}`}`,
        ],
        ["Scope", plain(retro.scope ?? "not said")],
        ["Environment", plain(retro.environment ?? "as configured")],
        ["Items", outcomeCounts(retro)],
      ],
    ),
    ...section(
      "Times",
      table(
        ["Item", "Seen by a person after", "Detected by monitoring after", "Fault removed after", "Recovered after"],
        items
          .filter(({ outcome }) => outcome === "ran")
          .map((item) => [
            nameOf(item),
            timeText(item.toSeeMs),
            timeText(item.toDetectMs),
            timeText(item.toHealMs),
            timeText(item.toRecoverMs),
          ]),
      ),
      "All counted from the injection, by one clock. Unknown: nobody observed it.",
    ),
    ...section("Items", items.map(itemMarkdown).join("\n\n")),
    ...section(
      "What did not run, and why",
      table(
        ["Item", "", "Why"],
        items
          .filter(({ outcome }) => outcome !== "ran")
          .map((item) => [nameOf(item), outcomeWords[item.outcome], plain(item.reason ?? "nothing was said")]),
      ),
    ),
    ...section(
      "Predictions",
      table(
        ["Who", "Right", "Wrong"],
        retro.scores.map(({ by, right, wrong }) => [by, String(right), String(wrong)]),
      ),
    ),
    ...section(
      "Action items",
      table(
        ["", "What", "Owner", "Due", "Of", "State"],
        retro.actions.map(({ id, title, owner, dueOn, run, state }) => [
          id,
          plain(title),
          owner,
          dueOn ?? "no due day",
          run ?? "",
          state,
        ]),
      ),
    ),
    ...section(
      "Who was there",
      table(
        ["Who", "Roles", "Joined", "Left"],
        retro.attendance.map(({ userId, roles, joinedAt, leftAt }) => [
          userId,
          roles.join(", "),
          joinedAt,
          leftAt ?? "stayed to the end",
        ]),
      ),
    ),
    ...section(
      "Timeline",
      table(
        ["When", "Item", "What", "Who", ""],
        retro.timeline.map(({ at, kind, item, by, text }) => [
          at,
          item === null ? "" : String(item),
          kindWords[kind],
          by ?? "",
          plain(text ?? ""),
        ]),
      ),
    ),
    ...section(
      "Notes",
      retro.notes
        .map(({ at, by, text, author, item }) => {
          const about = [by, ...(author === null ? [] : [`of ${author}`]), ...(item === null ? [] : [`item ${item}`])];
          return `- ${at}, ${about.join(", ")}: ${plain(text)}`;
        })
        .join("\n"),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function nameOf({ item, title }: ItemRecord): string {
  return `${item}. ${plain(title)}`;
}

function itemMarkdown(item: ItemRecord): string {
  const { result, run } = item;
  const verdicts = result?.verdicts ?? null;
  return [
    `### ${nameOf(item)}: ${outcomeWords[item.outcome]}${run === null ? "" : ` (${run})`}`,
    ...(item.hypothesis === "" ? [] : [`> ${plain(item.hypothesis)}`]),
    ...(verdicts === null
      ? []
      : [
          `**Hypothesis ${verdicts.hypothesis}** · run ${verdicts.run} · cleanup ${verdicts.cleanup} · ${result?.lost ?? "an unknown number of"} acknowledged writes lost`,
        ]),
    ...(item.because === null ? [] : [plain(item.because)]),
    ...(item.reason === null ? [] : [`Why: ${plain(item.reason)}`]),
    item.findings.map(({ severity, title }) => `- ${severity}: ${plain(title)}`).join("\n"),
    item.votes
      .map(({ by, vote, reason }) => `- ${by} said ${vote}${reason === null ? "" : `: ${plain(reason)}`}`)
      .join("\n"),
    table(
      ["Who predicted", "What", "The hypothesis", "Losses"],
      item.predictions.map((each) => [each.by, expectedText(each), scoreWords[each.hypothesis], scoreWords[each.loss]]),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A text of a person or a server: on one line, and no markup. */
function plain(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#]/g, (character) => `\\${character}`);
}

function section(title: string, body: string, remark = ""): string[] {
  return body === "" ? [] : [`## ${title}`, ...(remark === "" ? [] : [remark]), body];
}
