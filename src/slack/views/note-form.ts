import type { RunRow } from "../../run/service.ts";
import { escapeText, note, section } from "../limits.ts";
import { actionPrefix } from "../action-prefix.ts";
import type { ModalView, OpenModal } from "../modal.ts";
import { stateWords } from "./words.ts";

/** As `longestNote` of src/run/note.ts, which decides; a test keeps the two equal. */
export const mostLetters = 1000;

/** The form of the button Note…. */
export function noteForm(run: RunRow): ModalView {
  const words = stateWords[run.state];
  return {
    callback: "note-run",
    title: "Note what you see",
    submit: "Note it",
    close: "Cancel",
    state: run.id,
    blocks: [
      section(`*${run.id}* ${escapeText(run.plan.title)} · ${words.icon} ${words.text}`),
      {
        type: "input",
        block_id: "note-text",
        label: { type: "plain_text", text: "What do you see?" },
        element: {
          type: "plain_text_input",
          action_id: `${actionPrefix}note-text`,
          multiline: true,
          max_length: mostLetters,
          placeholder: { type: "plain_text", text: "Checkout answers 503; no alarm yet" },
        },
      },
      note("It goes into the run's thread and report, with your name and the time."),
    ],
  };
}

/** What was typed into it. */
export function noteText(values: OpenModal["values"]): string {
  const typed = values["note-text"];
  return typeof typed === "string" ? typed : "";
}
