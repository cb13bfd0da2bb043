import type { History, Operation } from "../probes/history.ts";
import type { Finding } from "./report.ts";
import { listed, seconds } from "./words.ts";

/** A stretch in which the way to pods was down, so that the probes saw nothing of them; `toMs` null: to the end. */
export interface Gap {
  fromMs: number;
  toMs: number | null;
  /** `namespace/name`. */
  pods: string[];
  why: string[];
}

/** Clients connect again within this; until then what they miss is still the gap's doing. */
const reconnectWithinMs = 2000;

/**
 * The gaps of a history, from the events `way-in-down` and `way-in-up` of its worker (src/cluster/way/), those of several
 * pods that overlap as one. A gap begins when the way was last proven to stand.
 */
export function unseenGaps(history: History): Gap[] {
  const open = new Map<string, Gap>();
  const gaps: Gap[] = [];
  for (const { event, atMs, detail } of history.events) {
    const pod = String(detail["pod"]);
    if (event === "way-in-down" && !open.has(pod)) {
      const gap = { fromMs: atMs, toMs: null, pods: [pod], why: [String(detail["why"])] };
      open.set(pod, gap);
      gaps.push(gap);
    } else if (event === "way-in-up") {
      const gap = open.get(pod);
      if (gap !== undefined) gap.toMs = Math.max(atMs, gap.fromMs);
      open.delete(pod);
    }
  }
  return merged(gaps);
}

function merged(gaps: readonly Gap[]): Gap[] {
  const all: Gap[] = [];
  for (const gap of gaps.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1);
    if (last === undefined || (last.toMs !== null && last.toMs < gap.fromMs)) {
      all.push(gap);
      continue;
    }
    last.toMs = last.toMs === null || gap.toMs === null ? null : Math.max(last.toMs, gap.toMs);
    last.pods = [...new Set([...last.pods, ...gap.pods])];
    last.why = [...new Set([...last.why, ...gap.why])];
  }
  return all;
}

/** Whether an operation that was not acknowledged may have missed because of a gap: then it says nothing of the system. */
export function wasUnseen(gaps: readonly Gap[], { plannedMs, endMs }: Operation): boolean {
  return gaps.some(({ fromMs, toMs }) => endMs >= fromMs && plannedMs <= (toMs ?? Infinity) + reconnectWithinMs);
}

/** `from 12.10 s to 15.32 s`. */
export function gapText({ fromMs, toMs }: Gap): string {
  return `from ${seconds(fromMs)} to ${toMs === null ? "the end" : seconds(toMs)}`;
}

/** Says it when the probes could not see the system for a while; of any system. */
export function wayInDown({ history }: { history: History }): Finding | null {
  const gaps = unseenGaps(history);
  if (gaps.length === 0) return null;
  return {
    id: "probe.way-in-down",
    severity: "medium",
    title: "The probes did not see the system for a while: the way in was down",
    evidence: gaps.map(
      (gap) =>
        `not seen by the probes ${gapText(gap)} of the run (the way in to ${listed(gap.pods)} was down: ${gap.why.join("; ")})`,
    ),
    advice:
      "What failed meanwhile counts as no outage of the system, and an outage that began or ended in it is counted from what was seen. Run the worker inside the cluster, where the API server is not between it and the pods.",
  };
}
