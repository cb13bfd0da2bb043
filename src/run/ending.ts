import { isAftershockError, messageOf } from "../errors.ts";
import type { RunEventBody } from "./events.ts";
import type { Journal } from "./journal.ts";
import type { RunOutcome } from "./lifecycle.ts";
import type { Ownership, StopWish } from "./ownership.ts";
import type { ConductorDeps } from "./walk.ts";

/** How a run ends, and why in a sentence for the channel. */
export interface Ending {
  outcome: RunOutcome;
  reason: string | null;
}

/** The ending of a run that was told to stop. */
export function stopped(ownership: Ownership): Ending {
  const wish: unknown = ownership.stop.reason;
  if (!isStopWish(wish)) return { outcome: "aborted", reason: "Stopped." };
  switch (wish.kind) {
    case "abort":
      return { outcome: "aborted", reason: `Stopped by <@${wish.by}>.` };
    case "halt":
      return { outcome: "aborted", reason: `Halted by ${wish.reason}.` };
    case "stop-condition":
      return { outcome: "aborted", reason: `Stop condition ${wish.by}: ${wish.reason}.` };
    case "shutdown":
      return { outcome: "interrupted", reason: "The worker was shut down, and healed before it left." };
  }
}

export function isStopWish(value: unknown): value is StopWish {
  return typeof value === "object" && value !== null && "kind" in value && "by" in value;
}

/**
 * Says what went wrong in words for the channel; the stack goes to the log. The journal writes it in its turn: what
 * comes next is healing, which waits for no database.
 */
export function failure(deps: Pick<ConductorDeps, "log">, journal: Journal, error: unknown): Ending {
  if (isAftershockError(error) && error.code === "halted") return { outcome: "aborted", reason: error.message };
  deps.log("run failed", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  const say = (event: RunEventBody): void =>
    void journal
      .say(event)
      .catch((lost: unknown) => deps.log("a problem could not be told", { error: messageOf(lost) }));
  if (isAftershockError(error) && error.code === "approval_void") {
    say({ type: "approval-void", reason: error.message });
    return { outcome: "failed", reason: `The approval is void, and nothing was injected. ${error.hint}` };
  }
  const problem = isAftershockError(error)
    ? { code: error.code, message: error.message, hint: error.hint }
    : { code: "internal", message: "The run met an unexpected error.", hint: "The worker's log has the details." };
  say({ type: "problem", ...problem });
  return { outcome: "failed", reason: problem.message };
}
