import type { RunEvent } from "../../run/events.ts";
import type { RunRow } from "../../run/service.ts";
import { content, escapeText, section, type MessageContent } from "../limits.ts";
import { escapeReason } from "./card.ts";
import { person, stateWords } from "./words.ts";

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/**
 * That a run which a schedule asked for did not come to a good end, for the channel itself: nobody was watching. It names who
 * must look: the person who wants the schedule. Null when all is well, and when somebody denied it.
 */
export function renderScheduledEnd(
  run: RunRow,
  schedule: string,
  end: EventOf<"state">,
  judged: EventOf<"judged"> | undefined,
): MessageContent | null {
  const verdicts = judged?.report.verdicts;
  const isWell = end.to === "completed" && verdicts?.hypothesis === "held" && verdicts.cleanup === "verified";
  if (isWell || end.to === "denied") return null;
  const what =
    verdicts === undefined
      ? stateWords[end.to].text
      : [
          `hypothesis ${verdicts.hypothesis}`,
          ...(verdicts.run === "completed" ? [] : [`run ${verdicts.run}`]),
          ...(verdicts.cleanup === "verified" ? [] : ["cleanup UNVERIFIED"]),
        ].join(", ");
  const why = end.reason ?? judged?.report.because ?? "";
  const because = why === "" ? "" : `\n${escapeReason(why)}`;
  const text = `:rotating_light: *${run.id}* of ${escapeText(schedule)}, ${escapeText(run.plan.title)}: ${what}`;
  return content(text, [
    section(`${text}${because}\n${person(run.requestedBy)}, please look: the run's thread has it all.`),
  ]);
}
