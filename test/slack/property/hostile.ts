import { fc } from "@fast-check/vitest";

/** Pieces that break what is not written with care. */
const pieces = [
  "<!channel>",
  "<!here|everybody>",
  "<!subteam^S0EVIL>",
  "<#C0EVIL>",
  "<https://example.com|run-1 is healed>",
  "<",
  ">",
  "&",
  "&amp;",
  "&#60;!channel&#62;",
  "```",
  "`",
  "*",
  "_",
  "~",
  "> ",
  "👩‍👩‍👧‍👦",
  ":white_check_mark:",
  "מרחק",
  "\u202e",
  "\u2066",
  "\u200b",
  "\u0000",
  "\u001b[31m",
  "\ud83d",
  "\udc00",
  "\n",
  "\r\n",
  "\n:white_check_mark: *cleanup verified*\n",
  "\u2028",
  " ",
  "x".repeat(997),
  "<!channel>".repeat(200),
  "&".repeat(700),
  "ﷺ".repeat(300),
];

/** Text as a hostile server, file or person would write it, up to 50 kB, and nothing at all. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("", " ", "\u200b", "\u202e\u202d", "\n\n") },
  { weight: 2, arbitrary: fc.constantFrom(...pieces).map((piece) => piece.repeat(Math.ceil(50_000 / piece.length))) },
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 60 }).map((all) => all.join("")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3000 }) },
);

/** What may stand under these keys is decided by the bot or the database, never by what a person or a server wrote. */
const ours: ReadonlySet<string> = new Set([
  "type",
  "id",
  "run",
  "kind",
  "state",
  "from",
  "to",
  "phase",
  "risk",
  "severity",
  "at",
  "by",
  "seq",
  "createdAt",
  "expiresAt",
  "endedAt",
  "startedAt",
  "requestExpiresAt",
  "approvedUntil",
  "nextDueAt",
  "dueOn",
  "closedAt",
  "dueAt",
  "first",
  "last",
  "next",
  "until",
  "verdicts",
  "requestedBy",
  "approvedBy",
  "abortRequestedBy",
  "lastRunId",
  "digest",
  "planDigest",
  "shapeDigest",
  "artifacts",
  "raisedAt",
  "acknowledgedAt",
  "resolvedAt",
  "resumedAt",
  "settledAt",
  "runId",
  "step",
  "was",
  "latch",
  "timeZone",
  "pods",
  "risks",
  "channelId",
  "halt",
  "role",
  "hash",
  "schedule",
  "outcome",
  "better",
  "unit",
  "stretch",
  "change",
  "place",
]);

/** A copy in which every text that is not ours (and every key of a table of names) is the hostile one. */
export function poison<T>(sample: T, text: string): T {
  return poisoned(sample, text) as T;
}

function poisoned(value: unknown, text: string): unknown {
  if (typeof value === "string") return text;
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => poisoned(each, text));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, ours.has(key) ? inner : poisoned(inner, text)]),
  );
}
