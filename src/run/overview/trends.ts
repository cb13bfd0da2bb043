import { z } from "zod";
import { recoveryMs } from "../../findings/recovery.ts";
import { measureSchema, outageSchema, verdictsSchema } from "../../findings/report.ts";
import type { JudgedRun } from "../../store/overview.ts";
import type { Result, Trend } from "./overview.ts";

const count = z.number().nullable();

/**
 * Judged runs, newest first, gathered by experiment and target. What cannot be read, because an older version wrote it, is
 * left out. Pure.
 */
export function trendsOf(judged: readonly JudgedRun[]): Trend[] {
  const trends = new Map<string, Trend>();
  for (const run of judged) {
    const result = resultOf(run);
    if (result === null) continue;
    const { system, experiment, cluster, namespace } = run;
    const key = JSON.stringify([system, experiment, cluster, namespace]);
    const trend = trends.get(key) ?? { system, experiment, cluster, namespace, results: [] };
    trend.results.push(result);
    trends.set(key, trend);
  }
  return [...trends.values()];
}

function resultOf(run: JudgedRun): Result | null {
  const verdicts = verdictsSchema.safeParse(run.verdicts);
  if (!verdicts.success) return null;
  const measures = z.array(measureSchema).safeParse(run.measures);
  const outages = z.array(outageSchema).safeParse(run.outages);
  const lost = count.safeParse(run.lost);
  return {
    runId: run.runId,
    endedAt: run.endedAt,
    verdicts: verdicts.data,
    lost: lost.success ? lost.data : null,
    recoveryMs:
      measures.success && outages.success
        ? recoveryMs({ ...run, measures: measures.data, outages: outages.data })
        : null,
  };
}
