import { settingOf } from "../patroni/rules.ts";
import { listed } from "../words.ts";
import { differingContent, isCorrupt, isUnchecked } from "./checks.ts";
import type { IoRule } from "./rule.ts";

const corrupt: IoRule = (input) => {
  const hit = input.checks.filter(isCorrupt);
  if (hit.length === 0) return null;
  return {
    id: "postgres-io.corruption",
    severity: "critical",
    title: `The data on ${listed(hit.map(({ member }) => member))} is damaged`,
    evidence: hit.map(({ member, amcheck, amcheckSaid, checksumFailures }) =>
      [
        `${member}:`,
        amcheck === 2 ? `pg_amcheck found corruption: ${amcheckSaid}` : "pg_amcheck found nothing",
        (checksumFailures ?? 0) > 0
          ? `; ${checksumFailures} reads failed a page's checksum since before the fault`
          : "",
      ].join(" "),
    ),
    advice:
      "Take the member out of service before it is read from or promoted. patronictl reinit copies a replica anew; a damaged primary is restored from a backup that was verified. Do not run pg_resetwal.",
    setting: settingOf(input, "data_checksums"),
  };
};

const contentDiffers: IoRule = ({ checks }) => {
  const differing = differingContent(checks);
  const [primary] = checks;
  if (differing.length === 0) return null;
  return {
    id: "postgres-io.content-differs",
    severity: "critical",
    title: "The exercise's table is not the same on every member",
    evidence: [
      `${primary?.member ?? "the primary"}: ${primary?.rows ?? "?"} rows`,
      ...differing.map(({ member, rows, hash }) => `${member}: ${rows} rows, hash ${hash ?? "unknown"}`),
    ],
    advice: "Lag 0 proves nothing here. Copy the member anew from the primary: patronictl reinit.",
  };
};

const unchecked: IoRule = ({ checks, timings }) => {
  const left = checks.filter(isUnchecked);
  if (timings.patroni.injectedMs === null || (checks.length > 0 && left.length === 0)) return null;
  return {
    id: "postgres-io.not-checked",
    severity: "high",
    title:
      checks.length === 0
        ? "No member was checked after the fault"
        : `${listed(left.map(({ member }) => member))} could not be checked after the fault`,
    evidence: left.map(({ member, amcheckSaid }) => `${member}: ${amcheckSaid || "pg_amcheck did not end in time"}`),
    advice:
      "Check by hand before you trust it: pg_amcheck --heapallindexed --parent-check. A longer checkLimit= gives it more time.",
  };
};

const sound: IoRule = ({ checks }) => {
  if (checks.length === 0 || checks.some((check) => isCorrupt(check) || isUnchecked(check))) return null;
  if (differingContent(checks).length > 0) return null;
  const counted = checks.every(({ checksumFailures }) => checksumFailures !== null);
  return {
    id: "postgres-io.consistent",
    severity: "info",
    title: `The data is sound on ${checks.length} of ${checks.length} members`,
    evidence: [
      "pg_amcheck --heapallindexed found nothing, with --parent-check on the primary",
      counted ? "no read failed a page's checksum" : "checksum failures could not be counted on every member",
      `the exercise's table has ${checks[0]?.rows ?? "?"} rows and the same hash on each`,
    ],
    advice:
      "pg_amcheck looks at tables and B-tree indexes of one database. pg_checksums --check looks at every page, but only of a server that was shut down.",
  };
};

/** What would let a torn or rotten page pass, found or not. */
const unsafe: IoRule = (input) => {
  const off = ["fsync", "full_page_writes", "data_checksums"]
    .map((name) => settingOf(input, name))
    .filter(({ value }) => value === "off");
  const [first] = off;
  if (first === undefined) return null;
  return {
    id: "postgres-io.unsafe-settings",
    severity: off.some(({ name }) => name !== "data_checksums") ? "high" : "medium",
    title: `${listed(off.map(({ name }) => name))} ${off.length === 1 ? "is" : "are"} off`,
    evidence: off.map(({ name, member }) => `${name} is off on ${member}`),
    advice:
      "Without fsync or full_page_writes a crash can leave half a page behind; without data checksums nobody notices. A clean check after one run is no proof that the next will be.",
    setting: first,
  };
};

export const consistencyRules: readonly IoRule[] = [corrupt, contentDiffers, unchecked, unsafe, sound];
