const mostLetters = 300;

/** What a program wrote to standard error, as one short line without passwords: it may be told in a channel. */
export function withoutSecrets(text: string): string {
  const line = text
    .replaceAll(/([a-z]+:\/\/[^:/\s]*):[^@\s]*@/gi, "$1:…@")
    .replaceAll(/(password|secret|token)(["']?\s*[=:]\s*)\S+/gi, "$1$2…")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.length > mostLetters ? `${line.slice(0, mostLetters)}…` : line;
}
