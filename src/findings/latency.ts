import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { History, Operation } from "../probes/history.ts";
import type { Report } from "./report.ts";

/**
 * A percentile is quoted only when at least five values lie beyond it: none of the 99th below 500 values
 * (anchors/consistency-and-failover.md 3.2), and by the same rule none of the 95th below 100 and of the 99.9th below
 * 5,000.
 */
const leastFor = { p95Ms: 100, p99Ms: 500, p999Ms: 5000 } as const;

/** Microseconds, whole and at least 1, as an HDR histogram wants them; an hour is longer than any operation may take. */
const histogramRange = { lowest: 1, highest: 3_600_000_000, figures: 3 } as const;

/** Answers of one client in one stretch of a run: how long the good ones took, and how many were none. */
interface Answers {
  client: string;
  phase: string;
  us: RecordableHistogram;
  notOk: number;
}

/** The phases in which the fault is there: it takes hold while it is being injected. */
const faultPhases: ReadonlySet<string> = new Set(["injecting", "active"]);

/**
 * Latency per client and phase, from the planned time (no coordinated omission), in HDR histograms of three figures.
 * An operation belongs to the phase in which it was due. Only acknowledged operations have a latency: a failed one
 * tells how fast it was refused, an unknown one how long the client was willing to wait. They are counted beside it
 * (`notOk`), since quick answers of the few that got one say nothing for the others.
 */
export function latencyByPhase(history: History): Report["latency"] {
  return answersByPhase(history).map(({ client, phase, us, notOk }) => ({ client, phase, ...figures(us), notOk }));
}

/**
 * How many times slower acknowledged operations were while the fault was there, and after it, than in the baseline; per
 * client, with the counts that the ratios come from. Null: too few values in one of the two, or none.
 */
export function slowDowns(history: History): Report["slowDowns"] {
  const answers = answersByPhase(history);
  return history.header.clients.flatMap(({ id: client }) => {
    const of = (belongs: (phase: string) => boolean): ReturnType<typeof figures> & { notOk: number } => {
      const parts = answers.filter((part) => part.client === client && belongs(part.phase));
      const sum = createHistogram(histogramRange);
      for (const { us } of parts) sum.add(us);
      return { ...figures(sum), notOk: parts.reduce((total, part) => total + part.notOk, 0) };
    };
    const baseline = of((phase) => phase === "baseline");
    const stretches = [
      { stretch: "fault" as const, is: of((phase) => faultPhases.has(phase)) },
      { stretch: "recovery" as const, is: of((phase) => phase === "healing" || phase === "recovery") },
    ];
    return stretches
      .filter(({ is }) => is.count + is.notOk > 0)
      .map(({ stretch, is }) => ({
        client,
        stretch,
        baselineCount: baseline.count,
        count: is.count,
        notOk: is.notOk,
        p50: ratio(is.p50Ms, baseline.p50Ms),
        p95: ratio(is.p95Ms, baseline.p95Ms),
        p99: ratio(is.p99Ms, baseline.p99Ms),
        max: ratio(is.maxMs, baseline.maxMs),
      }));
  });
}

/** What one client saw in the baseline, while the fault was there, or after it. */
export interface StretchAnswers<What extends string> {
  client: string;
  stretch: "baseline" | "fault" | "recovery";
  /** Of acknowledged operations; null: too few values for that percentile. */
  figures: ReturnType<typeof figures>;
  counts: ReadonlyMap<What, number>;
}

/** The same latencies over whole stretches, with counts of what became of the operations; a client without any is absent. */
export function latencyByStretch<What extends string>(
  history: History,
  became: (op: Operation) => What,
): StretchAnswers<What>[] {
  const windows = phaseWindows(history);
  const parts = new Map<string, StretchAnswers<What> & { us: RecordableHistogram; counts: Map<What, number> }>();
  for (const op of history.operations) {
    const phase = windows.find(({ fromMs, toMs }) => op.plannedMs >= fromMs && op.plannedMs < toMs)?.phase ?? "";
    const stretch = stretchOf(phase);
    if (stretch === null) continue;
    const key = `${stretch} ${op.client}`;
    const us = parts.get(key)?.us ?? createHistogram(histogramRange);
    const part = parts.get(key) ?? {
      client: op.client,
      stretch,
      figures: figures(us),
      counts: new Map<What, number>(),
      us,
    };
    parts.set(key, part);
    const what = became(op);
    part.counts.set(what, (part.counts.get(what) ?? 0) + 1);
    if (op.outcome === "ok") us.record(toMicroseconds(op.endMs - op.plannedMs));
  }
  return [...parts.values()].map(({ us, client, stretch, counts }) => ({
    client,
    stretch,
    counts,
    figures: figures(us),
  }));
}

function stretchOf(phase: string): StretchAnswers<string>["stretch"] | null {
  if (phase === "baseline") return "baseline";
  if (faultPhases.has(phase)) return "fault";
  return phase === "healing" || phase === "recovery" ? "recovery" : null;
}

/** One histogram per client and phase, filled in one pass over the operations. */
function answersByPhase(history: History): Answers[] {
  const windows = phaseWindows(history);
  const table = new Map(
    history.header.clients.map(({ id: client }) => [
      client,
      windows.map(({ phase }): Answers => ({ client, phase, us: createHistogram(histogramRange), notOk: 0 })),
    ]),
  );
  for (const op of history.operations) {
    const at = windows.findIndex(({ fromMs, toMs }) => op.plannedMs >= fromMs && op.plannedMs < toMs);
    const answers = table.get(op.client)?.[at];
    if (answers === undefined) continue;
    if (op.outcome === "ok") answers.us.record(toMicroseconds(op.endMs - op.plannedMs));
    else answers.notOk += 1;
  }
  return [...table.values()].flat();
}

function toMicroseconds(latencyMs: number): number {
  return Math.min(histogramRange.highest, Math.max(histogramRange.lowest, Math.round(latencyMs * 1000)));
}

function figures(us: RecordableHistogram) {
  const { count } = us;
  const quoted = (percent: number, least: number): number | null =>
    count < least ? null : us.percentile(percent) / 1000;
  return {
    count,
    p50Ms: quoted(50, 1),
    p95Ms: quoted(95, leastFor.p95Ms),
    p99Ms: quoted(99, leastFor.p99Ms),
    p999Ms: quoted(99.9, leastFor.p999Ms),
    maxMs: count === 0 ? null : us.max / 1000,
  };
}

function ratio(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : now / before;
}

/** Phases with their ends. The last one ends with the history. */
export function phaseWindows(history: History): Array<{ phase: string; fromMs: number; toMs: number }> {
  return history.phases.map((mark, at) => ({
    phase: mark.phase,
    fromMs: mark.atMs,
    toMs: history.phases[at + 1]?.atMs ?? Number.POSITIVE_INFINITY,
  }));
}
