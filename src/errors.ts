import { redactSecrets } from "./redact.ts";

/**
 * The one family of errors that a person may see. `message` is a sentence for the user, `hint` is what to type
 * or do next, both without what looks like a secret. Anything that is not an AftershockError is a bug: it goes to the log, never to a channel.
 */
export class AftershockError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: { cause?: unknown }) {
    super(redactSecrets(message), options);
    this.name = "AftershockError";
    this.code = code;
    this.hint = redactSecrets(hint);
  }
}

export type ErrorCode =
  | "bad_command"
  | "bad_parameter"
  | "bad_experiment"
  | "bad_config"
  | "unknown_experiment"
  | "unknown_run"
  | "unknown_schedule"
  | "unknown_action"
  | "unknown_game_day"
  | "unknown_cluster"
  | "not_allowed"
  | "not_pending"
  | "not_comparable"
  | "approval_void"
  | "plan_changed"
  | "target_busy"
  | "halted"
  | "guard_failed"
  | "no_targets"
  | "cluster_refused"
  | "cluster_unreachable"
  | "inject_failed"
  | "heal_failed"
  | "system_unreachable"
  | "secret_unreadable"
  | "lease_lost"
  | "missing_program"
  | "not_supported_here"
  | "unavailable";

/** True for errors whose text may be shown to a person. */
export function isAftershockError(error: unknown): error is AftershockError {
  return error instanceof AftershockError;
}

/** The message of anything thrown, for logs and for wrapping; never for a channel unless it is an AftershockError. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return redactSecrets(error.message);
  // An object without a prototype, or with a toString of its own, cannot be made a text by String().
  const isObject = typeof error === "object" && error !== null;
  return redactSecrets(isObject ? Object.prototype.toString.call(error) : String(error));
}
