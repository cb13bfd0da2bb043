import { redactSecrets } from "../../redact.ts";

const mostLetters = 300;

/** What a program wrote to standard error, as one short line without passwords: it may be told in a channel. */
export function withoutSecrets(text: string): string {
  const line = redactSecrets(text).replaceAll(/\s+/g, " ").trim();
  return line.length > mostLetters ? `${line.slice(0, mostLetters)}…` : line;
}
