/**
 * What looks like a secret, and what stands for it. Applied to every message of an error, every event and every log
 * line: a password that some library puts into its error must not reach a channel. Lengths have bounds, so that hostile
 * text of any length costs a time in proportion to it.
 */
const patterns: ReadonlyArray<readonly [RegExp, string]> = [
  // scheme://user:password@host
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'<>\\]{0,100}):[^\s"'<>\\]{0,500}@/gi, "$1:…@"],
  // Slack's tokens: xoxb-, xoxp-, xapp-, … (docs.slack.dev, Token types)
  [/\b(xox[a-z]|xapp|xwfp)-[A-Za-z0-9][A-Za-z0-9-]*/g, "$1-…"],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,}/gi, "$1 …"],
  // JSON Web Tokens, which a kubeconfig and a pod's service account hold.
  [/\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, "eyJ…"],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, "(private key)"],
  // password=…, PGPASSWORD=…, "token": "…"
  [/((?:password|passwd|secret|token)["']?\s*[=:]\s*["']?)(?!…)[^\s"',;}\\]+/gi, "$1…"],
];

const secretKey = /password|passwd|secret|token|authorization/i;

/** Values shorter than this may be ordinary words; they are hidden by their surroundings only. */
const shortestKnown = 12;

/** The text without what looks like a secret, and without the secrets that are known. */
export function redactSecrets(text: string, known: readonly string[] = []): string {
  const hidden = known
    .filter((secret) => secret.length >= shortestKnown)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), hidden);
}

/** The same for every text in a value of plain data; a text under a key such as `password` goes as a whole. */
export function redactDeep<T>(value: T, known: readonly string[] = []): T {
  return redactValue("", value, known) as T;
}

function redactValue(key: string, value: unknown, known: readonly string[]): unknown {
  if (typeof value === "string") return secretKey.test(key) && value !== "" ? "…" : redactSecrets(value, known);
  if (Array.isArray(value)) return value.map((item) => redactValue(key, item, known));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redactValue(name, inner, known)]));
}
