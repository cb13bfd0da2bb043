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

/**
 * Values that are short, or a word, are hidden by their surroundings only. Generated ones of ten characters, as Bitnami's
 * charts make them, are no words.
 */
function isTelling(secret: string): boolean {
  return secret.length >= 12 || (secret.length >= 8 && /[a-z]/i.test(secret) && /[^a-z-]/.test(secret));
}

/** The text without secrets that are known, also as they stand in an address or in JSON. */
function withoutKnown(text: string, known: readonly string[]): string {
  return known
    .filter(isTelling)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}

/** The text without what looks like a secret, and without the secrets that are known. */
export function redactSecrets(text: string, known: readonly string[] = []): string {
  return patterns.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), withoutKnown(text, known));
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

/** The secrets that a process knows, of which more come to be known while it runs: those that it reads from a cluster. */
export interface Hiding {
  learn(secret: string): void;
  known(): readonly string[];
  /** Plain data without any of them; what merely looks like a secret stays. The same value where none is known. */
  hide<T>(value: T): T;
}

/** Made once, in the composition root. */
export function createHiding(known: readonly string[] = []): Hiding {
  const all = new Set(known.filter((secret) => secret !== ""));
  const hidden = (value: unknown): unknown => {
    if (typeof value === "string") return withoutKnown(value, [...all]);
    if (Array.isArray(value)) return value.map(hidden);
    if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner)]));
  };
  return {
    learn: (secret) => void (secret !== "" && all.add(secret)),
    known: () => [...all],
    hide: <T>(value: T) => (all.size === 0 ? value : (hidden(value) as T)),
  };
}
