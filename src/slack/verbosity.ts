import { reaches, type Verbosity } from "../run/channels/verbosity.ts";
import type { RunEvent } from "../run/events.ts";
import { isTold } from "./views/system.ts";

/** Whether an event is told in the run's thread. Pure. */
export function isSaid(event: RunEvent, verbosity: Verbosity): boolean {
  return reaches(verbosity, leastFor(event));
}

/**
 * From which verbosity on an event is told. `quiet`, and so always: what people must act on (approval, alarm, halt, a
 * cleanup that was not proven, a guard that does not hold, a problem), what they themselves wrote, and the end.
 */
function leastFor(event: RunEvent): Verbosity {
  switch (event.type) {
    case "requested":
      return event.schedule?.kind === "starts" ? "normal" : "quiet";
    case "approved":
      return event.schedule === undefined && event.given >= event.needed ? "quiet" : "normal";
    case "guard":
    case "healing-proof":
    case "converged":
    case "leftover-healed":
      return event.ok ? "normal" : "quiet";
    case "heal-step":
      return callingSteps.has(event.step) ? "quiet" : "normal";
    case "state":
      return stateLeast[event.to] ?? "full";
    case "claimed":
      return event.takenOver ? "normal" : "full";
    case "system":
      return isTold(event) ? "normal" : "full";
    case "revoked":
    case "abort-requested":
    case "topology":
    case "probe-status":
    case "fault-intended":
    case "fault-injected":
    case "fault-removed":
    case "stop-condition":
      return "normal";
    case "denied":
    case "expired":
    case "approval-void":
    case "note":
    case "exported":
    case "halted":
    case "alarm-raised":
    case "alarm-paged":
    case "alarm-acknowledged":
    case "alarm-checked":
    case "alarm-resolved":
    case "restart-asked":
    case "restart-done":
    case "problem":
    case "judged":
    case "audit-head":
      return "quiet";
  }
}

/** Rungs of the abort ladder on which somebody can help, or that say that nothing helped. */
const callingSteps: ReadonlySet<string> = new Set(["restart-offered", "forced", "gave-up"]);

const stateLeast: Readonly<Partial<Record<Extract<RunEvent, { type: "state" }>["to"], Verbosity>>> = {
  baseline: "normal",
  healing: "normal",
  aborted: "quiet",
  failed: "quiet",
  interrupted: "quiet",
};

/** A run that a schedule asked for is told quietly, unless everything is told: what failed of it is said aloud by itself. */
export function verbosityFor(channel: Verbosity, events: readonly RunEvent[]): Verbosity {
  const isScheduled = events.some((event) => event.type === "requested" && event.schedule !== undefined);
  return isScheduled && channel !== "full" ? "quiet" : channel;
}
