/** What the service may do with a table, and whether it is in the audit trail. */
export interface TableAccess {
  /**
   * read: select. append: select and insert, and whoever changes or removes a row is refused. write: also update.
   * consume: select, insert and delete.
   */
  service: "read" | "append" | "write" | "consume";
  /** With `write`: columns that the service sets once and may not change, e.g. what was approved. */
  frozen?: readonly string[];
  /** `subject`: the column that names what a row is about; `omitted`: columns that the trail does without. */
  audit?: { subject: string; omitted?: readonly string[] };
}

/** Where migrations are noted; made by node-pg-migrate. */
export const migrationsTable = "schema_migrations";

/**
 * Every table: what the service's database role may do with it, and what of it is audited. `settleAccess` makes
 * PostgreSQL agree after each migration; a test refuses a table that is not here. In the trail is everything that
 * somebody asked for, allowed, stopped or touched; not in it is how far it has been told to Slack.
 */
export const tables: Readonly<Record<string, TableAccess>> = {
  [migrationsTable]: { service: "read" },
  audit_log: { service: "read" },
  runs: {
    service: "write",
    frozen: [
      "id",
      "experiment",
      "plan",
      "plan_digest",
      "cluster",
      "target_key",
      "requested_by",
      "team_id",
      "channel_id",
      "created_at",
    ],
    audit: {
      subject: "id",
      // What changes as the run goes on; its events tell that.
      omitted: [
        "state",
        "expires_at",
        "ended_at",
        "outcome",
        "outcome_reason",
        "abort_requested_by",
        "abort_reason",
        "lease_owner",
        "lease_fence",
        "lease_until",
        "last_seq",
      ],
    },
  },
  run_events: { service: "append", audit: { subject: "run_id" } },
  run_decisions: { service: "append", audit: { subject: "run_id" } },
  run_faults: {
    service: "write",
    frozen: ["run_id", "fault_id", "cluster", "kind", "namespace", "name", "manifest", "targets", "intended_at"],
    audit: { subject: "run_id" },
  },
  // Said in its `judged` event already.
  run_verdicts: { service: "append" },
  run_artifacts: { service: "write", audit: { subject: "run_id", omitted: ["bytes"] } },
  // Which chart was asked for, by whom, for which channel; what it shows is drawn from the runs.
  pictures: { service: "append", audit: { subject: "id" } },
  drawn_pictures: { service: "append" },
  schedules: {
    service: "write",
    frozen: [
      "id",
      "experiment",
      "cluster",
      "parameters",
      "profile",
      "pattern",
      "time_zone",
      "kind",
      "plan",
      "shape_digest",
      "team_id",
      "channel_id",
      "requested_by",
      "created_at",
      "valid_for_days",
      "runs_allowed",
    ],
    audit: {
      subject: "id",
      omitted: [
        "state",
        "request_expires_at",
        "approved_until",
        "runs_used",
        "next_due_at",
        "starting_at",
        "claim_fence",
        "claimed_at",
        "last_run_id",
        "last_problem",
        "last_seq",
      ],
    },
  },
  schedule_events: { service: "append", audit: { subject: "schedule_id" } },
  schedule_decisions: { service: "append", audit: { subject: "schedule_id" } },
  halts: {
    service: "write",
    frozen: ["id", "latch", "halted_by", "reason", "channel_id", "from_cluster", "halted_at"],
    audit: { subject: "id", omitted: ["settled_at", "last_seq"] },
  },
  halt_events: { service: "append", audit: { subject: "halt_id" } },
  // How it was last seen; its changes are events of the halt.
  halt_clusters: { service: "write" },
  notices: { service: "append", audit: { subject: "kind" } },
  installation: { service: "read" },
  channel_settings: { service: "append", audit: { subject: "channel_id" } },
  // A cleanup that was not proven, and who has seen it.
  alarms: {
    service: "write",
    frozen: ["run_id", "cluster", "target_key", "reasons", "raised_at"],
    // Raised, acknowledged, resolved; how often it was paged and looked at its events tell.
    audit: {
      subject: "run_id",
      omitted: ["pages", "next_page_at", "checks", "next_check_at", "check_asked_by", "claimed_until", "last_problem"],
    },
  },
  pod_restarts: {
    service: "write",
    frozen: ["id", "run_id", "namespace", "pod", "asked_by", "asked_at"],
    audit: { subject: "run_id", omitted: ["claimed_until"] },
  },
  // How it stands; what was done to it its events tell.
  actions: {
    service: "write",
    frozen: ["id", "run_id", "finding", "team_id", "channel_id", "created_by", "created_at"],
  },
  action_events: { service: "append", audit: { subject: "action_id" } },
  game_days: {
    service: "write",
    frozen: ["id", "team_id", "channel_id", "created_at"],
    audit: { subject: "id", omitted: ["phase", "last_seq"] },
  },
  game_day_events: { service: "append", audit: { subject: "game_day_id" } },
  game_day_runs: { service: "append", audit: { subject: "game_day_id" } },
  game_day_artifacts: { service: "append", audit: { subject: "game_day_id", omitted: ["bytes"] } },
  slack_deliveries: { service: "consume" },
  slack_outbox: { service: "write" },
  slack_pace: { service: "write" },
  // Who looks at the App Home, and how true it is for them.
  home_viewers: { service: "write" },
  narration_cursors: { service: "write" },
  schedule_narration_cursors: { service: "write" },
  halt_narration_cursors: { service: "write" },
  action_narration_cursors: { service: "write" },
  game_day_narration_cursors: { service: "write" },
  telemetry_cursors: { service: "write" },
  telemetry_outbox: { service: "write" },
  notices_told: { service: "append" },
};
