import type { ClientInfo, History } from "../probes/history.ts";
import { gapText, unseenGaps } from "./unseen.ts";
import { listed } from "./words.ts";

/** Fewer acknowledged baseline writes than this share of the attempted ones, and the baseline was not healthy. */
const leastBaselineShare = 0.9;
/** So many acknowledged writes make a baseline; a run whose rate and baseline plan fewer needs 90 % of its plan. */
const enoughBaselineWrites = 300;

/**
 * Why nothing can be concluded from a history, in sentences; empty when it can. A verdict needs: a fault that was
 * injected and had effect; for every write client a healthy baseline of at least 300 acknowledged writes (90 % of rate
 * × baseline if that is fewer, counted from the event `clients-started` where there is one) and final reads without an error, one of them authoritative; and probes whose event
 * loop was not later (p99) than the distance of two writes; and the way to the pods must have stood from the injection on.
 */
export function unsoundness(history: History): string[] {
  const reasons: string[] = [];
  const injectedAt = history.events.find(({ event }) => event === "fault-injected" || event === "without-fault")?.atMs;
  if (injectedAt === undefined) reasons.push("the fault was never injected");
  const idle = history.events.find((event) => event.event === "fault-without-effect");
  if (idle !== undefined) {
    const { reason, from, to } = idle.detail;
    reasons.push(
      typeof reason === "string"
        ? reason
        : `${String(from)} and ${String(to)} still answered each other during the partition`,
    );
  }
  // Where something must be made first, e.g. a topic, the clients start after the recorder, and the run says when.
  const startedMs = history.events.find((event) => event.event === "clients-started")?.atMs ?? 0;
  for (const client of history.header.clients.filter(({ kind }) => kind === "write")) {
    reasons.push(...finalReadProblems(history, client));
    const baseline = history.operations.filter(
      (op) => op.client === client.id && op.plannedMs < (injectedAt ?? Number.POSITIVE_INFINITY),
    );
    const ok = baseline.filter((op) => op.outcome === "ok").length;
    if (baseline.length > 0 && ok / baseline.length < leastBaselineShare) {
      reasons.push(`${client.id} was not healthy before the fault: ${ok} of ${baseline.length} writes acknowledged`);
    } else if (injectedAt !== undefined) {
      const planned = (client.ratePerSecond * (injectedAt - startedMs)) / 1000;
      const needed = Math.max(1, Math.min(enoughBaselineWrites, Math.floor(leastBaselineShare * planned)));
      if (ok < needed) {
        reasons.push(`the baseline is too short: ${client.id} has ${ok} acknowledged writes in it and needs ${needed}`);
      }
    }
    const spacingMs = 1000 / client.ratePerSecond;
    const p99Ms = history.loopDelay?.p99Ms ?? 0;
    // Below 10 ms spacing the loop's own millisecond timers dominate; lateness is then judged by the schedule.
    if (p99Ms > Math.max(spacingMs, 10)) {
      reasons.push(
        `the probes themselves stalled: event-loop delay p99 ${p99Ms.toFixed(1)} ms at one write per ${spacingMs.toFixed(1)} ms`,
      );
    }
  }
  const blind = unseenGaps(history).filter(({ toMs }) => toMs === null || toMs > (injectedAt ?? 0));
  if (blind.length > 0) {
    reasons.push(`the probes did not see the system ${listed(blind.map(gapText))} (the way in was down)`);
  }
  return [...new Set(reasons)];
}

function finalReadProblems(history: History, { id }: ClientInfo): string[] {
  const reads = history.finalReads.filter((read) => read.client === id);
  const authoritative = reads.filter((read) => read.authoritative);
  if (authoritative.length === 0) return [`there is no final read of ${id} from a master that all agree on`];
  if (authoritative.length > 1) {
    return [`${authoritative.map(({ member }) => member).join(" and ")} both claim to hold what survived of ${id}`];
  }
  return reads.flatMap((read) =>
    read.error === undefined ? [] : [`the final read of ${id} from ${read.member} failed: ${read.error}`],
  );
}
