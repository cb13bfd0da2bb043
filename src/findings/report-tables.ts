import { measureText } from "./measure-text.ts";
import type { Report } from "./report.ts";

/** A table of the report, before it is written as Markdown or HTML; without rows where there is nothing to say. */
export interface ReportTable {
  head: readonly string[];
  rows: ReadonlyArray<readonly string[]>;
}

/** What kind of run it was: names and values. */
const throughApiServer =
  "through the API server (port-forward): servers see their clients on 127.0.0.1, latencies include the API server's, and a partition between pods does not cut it";

export function factRows({ run }: Report): string[][] {
  return [
    ["Cluster and namespace", `${run.cluster}, ${run.namespace}`],
    ...(run.wayIn === undefined ? [] : [["Way of the probes", throughApiServer]]),
    ["Requested by", run.requestedBy],
    ["Approved by", run.approvedBy.join(", ") || "nobody"],
    ["Asked for", run.startedAt],
    ["Ended", run.endedAt],
    [
      "Parameters",
      Object.entries(run.parameters)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
    ],
    ["Plan", `sha256 ${run.planDigest}`],
    ...(run.auditHead === undefined
      ? []
      : [["Audit trail", `entry ${run.auditHead.entry}, sha256 ${run.auditHead.hash}`]]),
  ];
}

/** Writes by client; the last row is their sum. */
export function writesTable({ writes }: Report): ReportTable {
  const head = [
    "Client",
    "Attempted",
    "Acknowledged",
    "Failed",
    "Unknown",
    "Lost",
    "Recovered",
    "Duplicated",
    "Unexpected",
  ];
  if (writes.total.attempted === 0) return { head, rows: [] };
  const all = [...Object.entries(writes.byClient), ["total", writes.total] as const];
  return {
    head,
    rows: all.map(([client, counts]) => [
      client,
      ...[
        counts.attempted,
        counts.acknowledged,
        counts.failed,
        counts.unknown,
        counts.lost,
        counts.recovered,
        counts.duplicated,
        counts.unexpected,
      ].map((value) => (value === null ? "unknown" : String(value))),
    ]),
  };
}

export function measuresTable({ measures }: Report): ReportTable {
  return {
    head: ["Measure", "Value", ""],
    rows: measures.map((measure) => [measure.title, measureText(measure), measure.note ?? ""]),
  };
}

export function outagesTable({ outages }: Report): ReportTable {
  return {
    head: ["Client", "From (s)", "To (s)", "Length (s)", "Answers"],
    rows: outages.map((outage) => [
      outage.probe,
      inSeconds(outage.startMs),
      outage.endMs === null ? "not recovered" : inSeconds(outage.endMs),
      outage.lengthMs === null ? "open" : inSeconds(outage.lengthMs),
      Object.entries(outage.errors)
        .map(([name, times]) => `${name} × ${times}`)
        .join(", "),
    ]),
  };
}

export function guardsTable({ guards }: Report): ReportTable {
  return {
    head: ["Guard", "Held", "Measured", "Bound"],
    rows: guards.map((guard) => [guard.id, guard.ok ? "yes" : "NO", guard.measured, guard.bound]),
  };
}

export function cleanupTable({ cleanup }: Report): ReportTable {
  return {
    head: ["Proof", "Holds", ""],
    rows: cleanup.map((proof) => [proof.what, proof.ok ? "yes" : "NO", proof.detail]),
  };
}

export function timelineTable({ timeline }: Report): ReportTable {
  return {
    head: ["Second", "Source", "Event", ""],
    rows: timeline.map((entry) => [
      inSeconds(entry.atMs),
      entry.source,
      entry.event,
      entry.event === "note" ? String(entry.detail["text"]) : detailText(entry.detail),
    ]),
  };
}

/** What people wrote about the run while they looked on; the last column is theirs. */
export function notesTable({ notes = [] }: Report): ReportTable {
  return {
    head: ["When", "Second", "Who", "Note"],
    rows: notes.map(({ at, atMs, by, text }) => [at, atMs === null ? "" : inSeconds(atMs), by, text]),
  };
}

export function settingsTable({ settings }: Report): ReportTable {
  return {
    head: ["Member", "Setting", "Value"],
    rows: settings.map((setting) => [setting.member, setting.name, setting.value === "" ? '""' : setting.value]),
  };
}

function detailText(detail: Report["timeline"][number]["detail"]): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function inSeconds(atMs: number): string {
  return (atMs / 1000).toFixed(2);
}
