import type { AuditEntry } from "./entry.ts";

/** An entry in words: who, where that is known, and what. */
export interface AuditLine {
  who: string;
  what: string;
}

type Row = Readonly<Record<string, unknown>>;
type Describe = (row: Row, entry: AuditEntry) => AuditLine | null;

/** What only fills the trail: what the probes and the systems themselves said, and what another entry says as well. */
const quietEvents: ReadonlySet<string> = new Set(["probe-status", "system", "topology", "converged"]);

/** Null for what would only fill the screen. */
export function describeEntry(entry: AuditEntry): AuditLine | null {
  const row = JSON.parse(entry.entry) as Row;
  const line = (tables[entry.table] ?? describeOther)(row, entry);
  return line === null || entry.op !== "existing" ? line : { ...line, what: `${line.what} (before auditing began)` };
}

const tables: Readonly<Record<string, Describe>> = {
  runs: (row, { op }) => ({
    who: text(row["requested_by"]),
    what: `run ${op === "update" ? "CHANGED" : "stored"}: ${text(row["experiment"])} on ${text(row["target_key"])}, plan ${text(row["plan_digest"])}`,
  }),
  run_events: describeEvent,
  schedule_events: describeEvent,
  halt_events: describeEvent,
  action_events: describeEvent,
  game_day_events: describeEvent,
  run_decisions: describeDecision("plan_digest"),
  schedule_decisions: describeDecision("shape_digest"),
  run_faults: (row, { op }) => ({
    who: "",
    what:
      op === "update"
        ? `${faultName(row)} is ${text(row["state"])}`
        : `intent to inject ${faultName(row)} into ${pods(row["targets"])}`,
  }),
  channel_settings: (row) => ({ who: text(row["changed_by"]), what: `set verbosity ${text(row["verbosity"])}` }),
  game_day_artifacts: (row) => ({ who: "", what: `file ${text(row["name"])}, sha256 ${text(row["sha256"])}` }),
  run_artifacts: (row) => ({ who: "", what: `file ${text(row["name"])}, sha256 ${text(row["sha256"])}` }),
};

function describeDecision(digest: string): Describe {
  return (row) => ({
    who: text(row["user_id"]),
    what: `${text(row["decision"])} plan ${text(row[digest])}${because(row)}`,
  });
}

function describeEvent(row: Row): AuditLine | null {
  const type = text(row["type"]);
  const data = (row["data"] ?? {}) as Row;
  const who = text(data["by"] ?? data["worker"] ?? "");
  if (quietEvents.has(type) || (type === "guard" && data["ok"] === true)) return null;
  const known = events[type];
  return { who, what: known === undefined ? `${type} ${compact(data)}`.trim() : known(data) };
}

const events: Readonly<Record<string, (data: Row) => string>> = {
  requested: (data) =>
    `asked for ${text((data["plan"] as Row | undefined)?.["experiment"])}, plan ${text(data["digest"])}`,
  approved: (data) =>
    `approved plan ${text(data["digest"])} (${text(data["given"])} of ${text(data["needed"])})${because(data)}`,
  denied: (data) => `denied${because(data)}`,
  revoked: (data) => `took the approval back (${text(data["given"])} of ${text(data["needed"])} left)${because(data)}`,
  "approval-void": (data) => `the approvals are void${because(data)}`,
  halted: (data) => `halted${data["halt"] === undefined ? " everything" : ` by ${text(data["halt"])}`}${because(data)}`,
  resumed: (data) => `resumed${because(data)}`,
  "alarm-raised": () => "CLEANUP UNVERIFIED: an alarm is raised",
  "alarm-acknowledged": () => "acknowledged the alarm",
  "alarm-resolved": () => "the alarm is resolved: proven clean",
  "restart-asked": (data) => `asked to restart pod ${text(data["pod"])}`,
  added: (data) => `added, for ${text(data["owner"])}: ${text(data["title"])}`,
  done: (data) => `done${because(data)}`,
  dropped: (data) => `dropped${because(data)}`,
  expired: () => "expired: nobody approved in time",
  "abort-requested": (data) => `asked to stop${because(data)}`,
  note: (data) => `noted: ${text(data["text"])}`,
  state: (data) => `${text(data["from"])} → ${text(data["to"])}${because(data)}`,
  claimed: (data) => `${data["takenOver"] === true ? "takes over" : "owns"} the run, fence ${text(data["fence"])}`,
  guard: (data) => `guard ${text(data["id"])} does not hold: ${text(data["measured"])}`,
  "fault-intended": (data) => `creates ${fault(data)}: ${(data["pods"] as unknown[] | undefined)?.join(", ") ?? ""}`,
  "fault-injected": (data) => `${fault(data)} is active`,
  "fault-removed": (data) => `${fault(data)} is removed`,
  "healing-proof": (data) => `${data["ok"] === true ? "proven" : "NOT PROVEN"}: ${text(data["what"])}`,
  problem: (data) => `problem: ${text(data["message"])}`,
  judged: (data) => {
    const verdicts = ((data["report"] as Row | undefined)?.["verdicts"] ?? {}) as Row;
    return `judged: ${Object.entries(verdicts)
      .map(([name, verdict]) => `${name} ${text(verdict)}`)
      .join(", ")}`;
  },
  "audit-head": (data) => `trail at entry ${text(data["entry"])}, sha256 ${text(data["hash"])}`,
};

function fault(data: Row): string {
  return `${text(data["kind"])} ${text(data["name"])}`;
}

function faultName(row: Row): string {
  return `${text(row["kind"])} ${text(row["namespace"])}/${text(row["name"])} on ${text(row["cluster"])}`;
}

/** Every pod of a fault with its UID. */
function pods(targets: unknown): string {
  const groups = (targets ?? {}) as Readonly<Record<string, Array<{ pod?: unknown; uid?: unknown }> | undefined>>;
  const named = Object.values(groups).flatMap((group) =>
    (group ?? []).map(({ pod, uid }) => `${text(pod)} (uid ${text(uid)})`),
  );
  return named.join(", ") || "no pod";
}

function because(data: Row): string {
  const reason = data["reason"];
  return typeof reason === "string" ? `: ${reason}` : "";
}

/** Tables and events without words of their own. */
function describeOther(row: Row, { table, op }: AuditEntry): AuditLine {
  const who = row["by"] ?? row["user_id"] ?? row["requested_by"] ?? "";
  return { who: text(who), what: `${table} ${op}: ${compact(row)}` };
}

const mostLetters = 240;

function compact(row: Row): string {
  const words = Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(" ");
  return words.length > mostLetters ? `${words.slice(0, mostLetters)}…` : words;
}

function text(value: unknown): string {
  if (value === undefined || value === null) return "unknown";
  return typeof value === "string" ? value : JSON.stringify(value);
}
