import { z } from "zod";
import { messageOf } from "../errors.ts";
import type { PastRun } from "../findings/comparison/past-run.ts";
import type { MeasuredRun } from "../findings/expectations/recovery-times.ts";
import { measureSchema, reportSchema, type Report } from "../findings/report.ts";
import type { Database } from "../store/database.ts";
import { lastCompletedRun, recentMeasures } from "../store/earlier-runs.ts";
import type { StoredRun } from "../store/runs.ts";
import { readPastRuns } from "./past/read-past.ts";

/** Runs of each experiment that are looked at for what was measured before; the newest may not have seen a recovery. */
const perExperiment = 5;
/** Earlier runs of the experiment that are looked at for comparable ones; with other parameters they do not count. */
const mostEarlier = 40;

/** What earlier runs left that a report speaks of. */
export interface Earlier {
  /** Report of the last completed run of the same experiment on the same target. */
  previous: Report | null;
  /** What completed runs on the same cluster measured, newest first. */
  measured: MeasuredRun[];
  /** Runs of the same experiment on the same target that are over, newest first. */
  earlierRuns: PastRun[];
}

/**
 * Reads what earlier runs left. A report that cannot be read, because an older version wrote it or because the database
 * does not answer, is no reason to lose this run's: it counts as none, and the log says why.
 */
export async function readEarlier(
  database: Database,
  run: StoredRun,
  log: (message: string, detail?: Record<string, unknown>) => void,
): Promise<Earlier> {
  const { cluster, namespace, system } = run.plan;
  const none = { previous: null, measured: [], earlierRuns: [] };
  try {
    const target = { runId: run.id, experiment: run.experiment, cluster, namespace, system };
    const last = await lastCompletedRun(database, target);
    const earlier = await recentMeasures(database, { runId: run.id, cluster, perExperiment });
    const { experiment } = run;
    const most = { perExperiment: mostEarlier, limit: mostEarlier };
    return {
      earlierRuns: await readPastRuns(database, { experiment, cluster, namespace, system }, most),
      previous: last === null ? null : parseReport(last, log),
      measured: earlier.flatMap(({ measures, ...rest }) => {
        const parsed = z.array(measureSchema).safeParse(measures);
        return parsed.success ? [{ ...rest, measures: parsed.data }] : [];
      }),
    };
  } catch (error) {
    log("earlier runs could not be read", { run: run.id, error: messageOf(error) });
    return none;
  }
}

function parseReport(
  last: { runId: string; report: string },
  log: (message: string, detail?: Record<string, unknown>) => void,
): Report | null {
  const parsed = reportSchema.safeParse(JSON.parse(last.report));
  if (parsed.success) return parsed.data;
  log("the last run's report has another form, so this run is not compared with it", {
    run: last.runId,
    problem: z.prettifyError(parsed.error).slice(0, 500),
  });
  return null;
}
