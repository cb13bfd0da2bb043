import { AftershockError } from "../../errors.ts";
import { pairOf, type RunPair } from "../../findings/comparison/pair.ts";
import { reportSchema, type Report } from "../../findings/report.ts";
import { findArtifact } from "../../store/artifacts.ts";
import type { Database } from "../../store/database.ts";
import { existingRun } from "../decide.ts";
import { readPastRuns } from "./read-past.ts";

/** Runs of the experiment that are looked at for the noise; those with other parameters do not count. */
const mostOthers = 60;
/** Of those that would do instead of a run of another experiment. */
const mostOffered = 3;

/** See `PastService.compare`. */
export async function comparePair(database: Database, typedFirst: string, typedSecond: string): Promise<RunPair> {
  const [one, other] = [await existingRun(database, typedFirst), await existingRun(database, typedSecond)];
  if (one.id === other.id) {
    throw new AftershockError(
      "not_comparable",
      `${one.id} is the same run twice.`,
      `Name another run of ${one.experiment}: /chaos compare ${one.id}`,
    );
  }
  const experiment = other.experiment;
  const most = { perExperiment: mostOthers, limit: mostOthers };
  if (one.experiment !== experiment) {
    throw new AftershockError(
      "not_comparable",
      `${one.id} is a run of ${one.experiment}, and ${other.id} one of ${experiment}: their figures measure different things.`,
      await whatWouldWork(database, one),
    );
  }
  const [first, second] = [await reportOf(database, one), await reportOf(database, other)];
  return pairOf(first, second, await readPastRuns(database, { experiment }, most));
}

interface Named {
  id: string;
  experiment: string;
  state: string;
}

async function whatWouldWork(database: Database, { id, experiment }: Named): Promise<string> {
  const same = await readPastRuns(database, { experiment }, { perExperiment: mostOffered + 1, limit: mostOffered + 1 });
  const ids = same.map(({ runId }) => runId).filter((runId) => runId !== id);
  const [newest] = ids;
  return newest === undefined
    ? `There is no other run of ${experiment} yet: /chaos run ${experiment}`
    : `Other runs of ${experiment} are ${ids.slice(0, mostOffered).join(", ")}: /chaos compare ${newest} ${id}`;
}

async function reportOf(database: Database, { id, state }: Named): Promise<Report> {
  const artifact = await findArtifact(database, id, "report.json");
  if (artifact === null) {
    throw new AftershockError(
      "not_pending",
      `${id} has no findings: it is ${state}.`,
      `Follow it: /chaos status ${id}`,
    );
  }
  const parsed = reportSchema.safeParse(JSON.parse(artifact.bytes.toString("utf8")));
  if (parsed.success) return parsed.data;
  throw new AftershockError(
    "not_comparable",
    `The report of ${id} has a form that this version does not read.`,
    `Its findings can be read all the same: /chaos findings ${id}`,
  );
}
