import { AftershockError } from "../../errors.ts";
import { artifactsOf } from "../../store/artifacts.ts";
import type { Queryable } from "../../store/database.ts";
import type { StoredRun } from "../../store/runs.ts";
import { existingRun } from "../decide.ts";
import { isTerminal } from "../lifecycle.ts";
import { bundleOf, type BundleFile } from "./bundle.ts";

/**
 * The files of a run that is over. Rejects with AftershockError `unknown_run`, or `not_pending` for one that has not ended
 * or left no files. `follow` is what to type to see how a run goes.
 */
export async function requireFiles(
  client: Queryable,
  runId: string,
  follow: (runId: string) => string,
): Promise<{ run: StoredRun; files: BundleFile[] }> {
  const run = await existingRun(client, runId);
  if (!isTerminal(run.state)) {
    throw new AftershockError(
      "not_pending",
      `${run.id} has not ended: it is ${run.state}. Its files are made when it has.`,
      `Follow it: ${follow(run.id)}`,
    );
  }
  const artifacts = await artifactsOf(client, run.id);
  if (artifacts.length === 0) {
    throw new AftershockError(
      "not_pending",
      `${run.id} left no files: it was ${run.state} before anything was measured.`,
      `See what became of it: ${follow(run.id)}`,
    );
  }
  return { run, files: await bundleOf(artifacts) };
}
