import { keyFigures, unknownFigures } from "../../findings/comparison/figures.ts";
import type { PastRun } from "../../findings/comparison/past-run.ts";
import { systemVersion } from "../../findings/comparison/system-version.ts";
import { lastResults, runsLookedAt, type SystemResults } from "../../findings/comparison/trend.ts";
import { reportSchema } from "../../findings/report.ts";
import type { Queryable } from "../../store/database.ts";
import { pastRuns, type PastRunFilter, type StoredPastRun } from "../../store/past-runs.ts";

const partsSchema = reportSchema.pick({
  schemaVersion: true,
  verdicts: true,
  measures: true,
  writes: true,
  slowDowns: true,
  settings: true,
});

/** Runs that are over, newest first. One whose report another version wrote is there without verdicts and figures. */
export async function readPastRuns(
  client: Queryable,
  filter: PastRunFilter,
  most: { perExperiment: number; limit: number },
): Promise<PastRun[]> {
  return (await pastRuns(client, filter, most)).map(fromStored);
}

/** So many results in all are enough for one page of anything. */
const mostRuns = 300;

/**
 * The last result of every experiment on every target, by system, with where its figures stand among the comparable runs
 * before it; of one cluster, or of all.
 */
export async function readLastResults(client: Queryable, filter: { cluster?: string } = {}): Promise<SystemResults[]> {
  return lastResults(await readPastRuns(client, filter, { perExperiment: runsLookedAt + 1, limit: mostRuns }));
}

function fromStored({ report, ...run }: StoredPastRun): PastRun {
  const parsed = partsSchema.safeParse(report);
  if (!parsed.success) return { ...run, verdicts: null, figures: unknownFigures, version: null, measures: [] };
  const { verdicts, measures, settings } = parsed.data;
  const figures = keyFigures(run.system, parsed.data);
  return { ...run, verdicts, figures, version: systemVersion(settings), measures };
}
