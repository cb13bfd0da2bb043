import type { Finding } from "../report.ts";
import { counted, listed, number } from "../words.ts";
import { fellTooFar, type TableFact, type VerifyFacts } from "./verify-facts.ts";
import { bytesText, planTime } from "./words.ts";

type Rule = (facts: VerifyFacts) => Finding | null;

const critical = (id: string, title: string, evidence: string[], advice: string): Finding => ({
  id: `backup.${id}`,
  severity: "critical",
  title,
  evidence,
  advice,
});

/** How pg_restore, gunzip and our own look at the end of a dump say that a file ends too early. */
const endsEarly =
  /end of file|unexpected end|end of the dump is missing|could not read from input file|invalid compressed data|compressed data|corrupt/i;

export const isTruncated = ({ listProblem, restoreProblem, bytes, fetchedBytes }: VerifyFacts): boolean =>
  endsEarly.test(`${listProblem ?? ""} ${restoreProblem ?? ""}`) ||
  (bytes !== null && fetchedBytes !== null && fetchedBytes < bytes);

const missing: Rule = (facts) =>
  !facts.searched || facts.found || facts.unreadable !== null
    ? null
    : critical(
        "missing",
        "There is no backup",
        [`nothing was found at ${facts.where}`],
        "Whatever should write backups there does not, or writes them elsewhere. Find out which before anything else; a recovery now has nothing to start from.",
      );

const unreadable: Rule = ({ unreadable: problem, where }) =>
  problem === null
    ? null
    : critical(
        "unreadable",
        "The backup could not be read",
        [problem],
        `Check ${where}, and the rights of who would have to restore: in an emergency the same would happen. Credentials for S3 come from the worker's environment.`,
      );

const stale: Rule = ({ ageMs, rpoMs, name }) =>
  ageMs === null || rpoMs === null || ageMs <= rpoMs
    ? null
    : critical(
        "stale",
        `The newest backup is ${planTime(ageMs)} old; at most ${planTime(rpoMs)} may be lost`,
        [`${name ?? "it"} is the newest there is`],
        "A job that fails silently looks just like this. Alert on the age of the newest backup, not on the job's exit code.",
      );

const empty: Rule = ({ bytes, format, restored, tables, name }) => {
  if (bytes === null) return null;
  const noBytes = bytes === 0 || format === "empty";
  if (!noBytes && !(restored && tables === 0)) return null;
  return critical(
    "empty",
    noBytes ? "The backup is an empty file" : "The backup restores to an empty database",
    [noBytes ? `${name ?? "it"} has 0 bytes` : "the restore succeeded and made no table"],
    "It exists, and holds nothing. Check what it was taken of: a wrong database name, a full disk, or a snapshot of an unused disk.",
  );
};

const small: Rule = ({ bytes, leastBytes, name }) =>
  bytes === null || bytes === 0 || bytes >= leastBytes
    ? null
    : critical(
        "too-small",
        `The backup is smaller than it can be: ${bytesText(bytes)}`,
        [`${name ?? "it"}; at least ${bytesText(leastBytes)} were expected (minBytes)`],
        "A dump that ended early, or of the wrong database, is small. Compare it with the size of the database.",
      );

const garbage: Rule = ({ format, name }) =>
  format !== "unknown"
    ? null
    : critical(
        "not-a-backup",
        "The file is no backup that can be read",
        [`${name ?? "it"} begins neither as a pg_dump archive (PGDMP) nor as a plain or gzipped dump`],
        "Look at what wrote it: an error message in place of the dump, encryption without a note of it, or another tool's format.",
      );

const truncated: Rule = (facts) => {
  if (!isTruncated(facts)) return null;
  const { listProblem, restoreProblem, bytes, fetchedBytes } = facts;
  return critical(
    "truncated",
    "The backup ends too early",
    [
      ...(listProblem === null ? [] : [`listing it: ${listProblem}`]),
      ...(restoreProblem === null ? [] : [`restoring it: ${restoreProblem}`]),
      ...(bytes === null || fetchedBytes === null
        ? []
        : [`${number(fetchedBytes)} of ${number(bytes)} bytes were read`]),
    ],
    "The dump or its upload broke off. Write to another name first, and rename only what pg_restore can list to its end.",
  );
};

const restoreFailed: Rule = (facts) =>
  facts.restoreProblem === null || isTruncated(facts)
    ? null
    : critical(
        "restore-failed",
        "The backup could not be restored",
        [facts.restoreProblem],
        "Restore it by hand into an empty instance of the same version, and mend what it lacks (extensions, roles, space) before you need it.",
      );

const offBounds = ({ rows, least, most }: TableFact): boolean =>
  rows === null || rows < least || (most !== null && rows > most);

const wrongRows: Rule = ({ counted: tables }) => {
  const wrong = tables.filter(offBounds);
  if (wrong.length === 0) return null;
  return critical(
    "wrong-rows",
    `${listed(wrong.map(({ table }) => table))} ${wrong.length === 1 ? "has" : "have"} not the rows that ${wrong.length === 1 ? "it" : "they"} should`,
    wrong.map(({ table, rows, bounds, problem }) =>
      rows === null
        ? `${table}: ${problem ?? "could not be counted"}; expected ${bounds}`
        : `${table}: ${counted(rows, "row")}; expected ${bounds}`,
    ),
    "The backup restores, and not with what you need. Compare with production now; if production is right, the backup job leaves something out.",
  );
};

const shrank: Rule = ({ counted: tables, bytes, previousBytes, mostDropPercent }) => {
  const fell = [
    ...(fellTooFar(bytes, previousBytes, mostDropPercent)
      ? [`the file: ${bytesText(bytes ?? 0)} now, ${bytesText(previousBytes ?? 0)} in the last run`]
      : []),
    ...tables
      .filter(({ rows, previous }) => fellTooFar(rows, previous, mostDropPercent))
      .map(
        ({ table, rows, previous }) =>
          `${table}: ${counted(rows ?? 0, "row")} now, ${number(previous ?? 0)} in the last run`,
      ),
  ];
  if (fell.length === 0) return null;
  return critical(
    "shrank",
    "The backup holds much less than the last one",
    fell,
    `More than ${mostDropPercent} % less (maxDropPercent). If so much was deleted on purpose, run again: the next run compares with this one.`,
  );
};

export const lagTooHigh = ({ lag }: VerifyFacts): boolean =>
  lag !== null &&
  (lag.streaming === 0 || lag.bytes === null || lag.bytes > lag.mostBytes || (lag.lagMs ?? 0) > lag.mostMs);

const lagging: Rule = (facts) => {
  const { lag } = facts;
  if (lag === null || !lagTooHigh(facts)) return null;
  const none = lag.streaming === 0;
  return critical(
    "replication-lag",
    none ? "No replica streams: none could take over" : "Every replica is too far behind to recover from",
    none
      ? ["the primary has no streaming replica"]
      : [
          `the nearest replica is ${lag.bytes === null ? "an unknown number of" : number(lag.bytes)} bytes and ${lag.lagMs === null ? "an unknown time" : planTime(lag.lagMs)} behind; at most ${number(lag.mostBytes)} bytes and ${planTime(lag.mostMs)}`,
        ],
    "A replica is the fastest way to recover, and no backup: it repeats a DROP TABLE at once. Both must work. Look at the network and the replica's disk.",
  );
};

/** What makes the backup useless; every one that fires refutes the hypothesis. */
export const verifyRules: readonly Rule[] = [
  missing,
  unreadable,
  stale,
  empty,
  small,
  garbage,
  truncated,
  restoreFailed,
  wrongRows,
  shrank,
  lagging,
];
