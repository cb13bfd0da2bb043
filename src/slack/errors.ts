import { randomBytes } from "node:crypto";
import { isAftershockError } from "../errors.ts";
import { content, escapeText, section, type MessageContent } from "./limits.ts";
import { escapeReason } from "./views/card.ts";

/**
 * What a person sees of an error: its sentence and what to type next. Anything unforeseen is a reference only; the
 * log has the rest under it.
 */
export function errorMessage(error: unknown, log: (reference: string, error: unknown) => void): MessageContent {
  if (isAftershockError(error)) {
    const text = `${escapeReason(error.message)}\n${escapeReason(error.hint)}`;
    return content(text, [section(`:warning: ${text}`)]);
  }
  const reference = randomBytes(4).toString("hex");
  log(reference, error);
  const text = escapeText(
    `Something unforeseen went wrong, and what you asked for may not have been done. Look: /chaos status. The operator finds it in the log as ${reference}.`,
  );
  return content(text, [section(`:warning: ${text}`)]);
}
