import type { KnownBlock } from "@slack/types";
import type { Explanation } from "../../../approvals/explain.ts";
import type { Outcome } from "../../run-form/outcome.ts";
import { escapeText, fields, note, section } from "../../limits.ts";
import { escapeReason } from "../card.ts";
import { planDetails } from "../plan.ts";
import { approvalText } from "../policy.ts";
import { blastRadiusLines } from "./blast-radius.ts";

/** What would be done, to whom, and who must agree; or why that cannot be said. */
export function planPart(outcome: Outcome): KnownBlock[] {
  switch (outcome.kind) {
    case "nothing picked":
      return [note("When an experiment is picked, its parameters and what exactly it would do are shown here.")];
    case "resolving":
      return [
        section(
          ":hourglass_flowing_sand: *Resolving targets…*\nReading the system as it is now. Go on filling in the form; the plan appears here.",
        ),
      ];
    case "problem":
      return [
        section(`:warning: *There is no plan yet.*\n${escapeReason(outcome.message)}\n${escapeReason(outcome.hint)}`),
        ...(outcome.explanation === null ? [] : [section(mayAskText(outcome.explanation))]),
        note("Nothing was recorded or touched. *Show the plan* tries it again."),
      ];
    case "planned":
      return [
        section(`*What would be done*\n${mayAskText(outcome.explanation)}`),
        fields(approvalFields(outcome.explanation)),
        section(
          `*Blast radius*\n${blastRadiusLines(outcome.plan)
            .map((line) => `• ${line}`)
            .join("\n")}`,
        ),
        ...planDetails(outcome.plan, outcome.digest),
        note(
          "Nothing is touched before it is approved. If you change a value, you see the new plan before you submit.",
        ),
      ];
  }
}

function mayAskText({ mayAsk }: Explanation): string {
  if (mayAsk.allowed) return ":white_check_mark: You may ask for it.";
  return `:no_entry: You may not ask for it now. ${escapeReason(mayAsk.message)} ${escapeReason(mayAsk.hint)}`;
}

function approvalFields({ rule, policy, subject }: Explanation): Array<readonly [string, string]> {
  if (rule === null) return [["Approvals needed", "nobody may approve now"]];
  return [
    ["Approvals needed", approvalText(rule, policy, subject.requestedBy)],
    ["By the rule", escapeText(rule.name)],
  ];
}
