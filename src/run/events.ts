import type { ProbeStatus } from "../probes/system.ts";
import type { Report } from "../findings/report.ts";
import type { Plan } from "./plan.ts";
import type { HealStep } from "./ladder/steps.ts";
import type { RunState } from "./lifecycle.ts";
import type { ScheduleKind } from "./schedules/schedule.ts";

/**
 * Everything that happens in a run, one append-only row of `run_events` each. The thread, the card, the report and
 * the audit trail are projections of these rows; nothing else is said about a run.
 */
export type RunEventBody =
  /** `schedule`: which schedule came due, and what that does; absent when a person asked now. */
  | {
      type: "requested";
      by: string;
      plan: Plan;
      digest: string;
      expiresAt: string;
      /** The rule that decided, and who may approve by it, in words; absent in events from before there were rules. */
      policy?: { rule: string; approvers: string };
      schedule?: { id: string; kind: ScheduleKind };
    }
  /** `schedule`: whose approval, given before, covers this run; absent when a person approved this very plan. */
  | {
      type: "approved";
      by: string;
      reason: string | null;
      digest: string;
      given: number;
      needed: number;
      schedule?: string;
    }
  | { type: "denied"; by: string; reason: string | null }
  /** Somebody took their approval back before the run started. `given` is how many stand now. */
  | { type: "revoked"; by: string; reason: string | null; given: number; needed: number }
  | { type: "expired" }
  /** The approval no longer holds, so that nothing was injected by it. The reason is a sentence. */
  | { type: "approval-void"; reason: string }
  | { type: "abort-requested"; by: string; reason: string | null }
  /** Everything was stopped at once, and this run with it. */
  | { type: "halted"; halt: string; by: string; reason: string | null }
  /** The state changed. For terminal states the reason says why, in a sentence for the channel. */
  | { type: "state"; from: RunState; to: RunState; reason: string | null; atMs: number | null }
  | { type: "claimed"; worker: string; fence: number; takenOver: boolean }
  | { type: "guard"; id: string; title: string; ok: boolean; measured: string; bound: string; hint: string }
  | { type: "topology"; summary: string; groups: Record<string, string[]> }
  | { type: "probe-status"; status: ProbeStatus; phase: RunState }
  /** The system itself said something. */
  | {
      type: "system";
      atMs: number;
      source: string;
      event: string;
      detail: Record<string, string | number | boolean | null>;
    }
  /** Stored before anything is created in the cluster. */
  | { type: "fault-intended"; fault: string; kind: string; name: string; namespace: string; pods: string[] }
  | { type: "fault-injected"; fault: string; kind: string; name: string; atMs: number; tookMs: number }
  | { type: "fault-removed"; fault: string; kind: string; name: string; atMs: number | null; tookMs: number }
  /** One proof that the fault is gone; all of them together make the cleanup verdict. */
  | { type: "healing-proof"; what: string; ok: boolean; detail: string }
  | HealStep
  | { type: "converged"; ok: boolean; summary: string; tookMs: number }
  | { type: "stop-condition"; id: string; measured: string; bound: string }
  /** The cleanup was not proven: what is amiss, how to look and to mend it, and who is paged (Slack ids). */
  | {
      type: "alarm-raised";
      target: string;
      reasons: string[];
      look: string[];
      mend: string[];
      pods: string[];
      people: string[];
      groups: string[];
      channel: string | null;
    }
  | { type: "alarm-paged"; number: number; againAfterMs: number }
  | { type: "alarm-acknowledged"; by: string }
  /** Healed again and looked at, in vain. `by`: who asked for it, null when it was its time. */
  | { type: "alarm-checked"; by: string | null; problem: string }
  /** Healed again and proven. */
  | { type: "alarm-resolved"; proofs: string[] }
  | { type: "restart-asked"; pod: string; by: string }
  | { type: "restart-done"; pod: string; ok: boolean; detail: string }
  /** Something of this run was found on the cluster after it had ended, and removed. */
  | { type: "leftover-healed"; kind: string; name: string; ok: boolean; detail: string; tookMs: number }
  /** A problem in words for the channel; the stack is in the log. */
  | { type: "problem"; code: string; message: string; hint: string }
  /** `charts`: the files that the thread shows, in words; absent in runs judged before there were several. */
  | { type: "judged"; report: Report; artifacts: string[]; charts?: Array<{ file: string; alt: string }> }
  /** All files of the run as one, for the thread. `files`: what is in it beside their sums, with sizes. */
  | { type: "exported"; by: string; file: string; bytes: number; sha256: string; files: ExportedFile[] }
  /** Where the audit trail stood when the run had been judged: said in the thread, so that a later cut shows. */
  | { type: "audit-head"; entry: number; hash: string };

export type RunEventType = RunEventBody["type"];

/** A stored event. `seq` counts from 1 in its run without gaps. `at` is ISO 8601, wall clock. */
export type RunEvent = RunEventBody & { run: string; seq: number; at: string };

export interface ExportedFile {
  name: string;
  bytes: number;
}

/** A file made at the end of a run: `report.json`, `report.md`, `report.html`, `chart.png`, `history.jsonl`. */
export interface Artifact {
  name: string;
  contentType: string;
  bytes: Buffer;
}
