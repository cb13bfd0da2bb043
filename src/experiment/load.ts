import { readFile } from "node:fs/promises";
import { AftershockError } from "../errors.ts";
import { findExperimentFiles } from "./find-files.ts";
import { decodeUtf8 } from "./plain-yaml.ts";
import { readExperiment } from "./read-experiment.ts";
import type { Experiment } from "./schema.ts";

/** Larger files are refused unread: an experiment is a page of text. */
export const maxBytes = 64 * 1024;
const tooLarge = `larger than ${maxBytes / 1024} KiB`;

/** All experiments below a folder, by name. Throws AftershockError `bad_experiment` with file, line and reason. */
export async function loadExperiments(directory: string): Promise<Experiment[]> {
  const experiments: Experiment[] = [];
  const seen = new Map<string, string>();
  for (const { path, name, bytes } of await findExperimentFiles(directory, bad)) {
    if (bytes > maxBytes) throw bad(name, tooLarge);
    const text = decodeUtf8(await readFile(path));
    if (text === undefined) throw bad(name, "not UTF-8");
    const experiment = parseExperiment(text, name);
    const earlier = seen.get(experiment.name);
    if (earlier !== undefined) throw bad(name, `the name ${experiment.name} is taken by ${earlier}`);
    seen.set(experiment.name, name);
    experiments.push(experiment);
  }
  return experiments;
}

/** Parses one experiment file; `file` is used in messages only. Throws AftershockError `bad_experiment`. */
export function parseExperiment(text: string, file: string): Experiment {
  const read = readExperiment(text, maxBytes);
  if (read.ok) return read.experiment;
  // A misspelt key also shows up as a missing one; the misspelling is the better news.
  const [first] = read.problems.toSorted((a, b) => Number(b.misspelt) - Number(a.misspelt));
  throw bad(first?.place == null ? file : `${file}:${first.place.line}`, first?.why);
}

function bad(where: string, why = "invalid"): AftershockError {
  return new AftershockError(
    "bad_experiment",
    `${where}: ${why}.`,
    "See all that is wrong: aftershock validate FILE. How one is written: docs/writing-an-experiment.md",
  );
}
