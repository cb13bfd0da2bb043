import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { AftershockError } from "../errors.ts";
import { findExperimentFiles } from "./find-files.ts";
import { meaningProblem } from "./meaning.ts";
import { decodeUtf8, readPlainYaml } from "./plain-yaml.ts";
import { experimentSchema, type Experiment } from "./schema.ts";

/** Larger files are refused unread: an experiment is a page of text. */
const maxBytes = 64 * 1024;
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
  const yaml = readPlainYaml(text, maxBytes);
  if (!yaml.ok) throw bad(yaml.line === null ? file : `${file}:${yaml.line}`, yaml.why);
  const parsed = experimentSchema.safeParse(yaml.value);
  if (!parsed.success) {
    // A misspelt key also shows up as a missing one; the misspelling is the better news.
    const issue = parsed.error.issues.find(({ code }) => code === "unrecognized_keys") ?? parsed.error.issues[0];
    const path = issueFieldPath(issue);
    throw bad(`${file}:${yaml.lineOf(path)}`, `${path.join(".") || "file"}: ${issue?.message ?? "invalid"}`);
  }
  const problem = meaningProblem(parsed.data);
  if (problem !== null) throw bad(`${file}:${yaml.lineOf(problem.path)}`, `${problem.path.join(".")} ${problem.why}`);
  return parsed.data;
}

function issueFieldPath(issue: z.core.$ZodIssue | undefined): PropertyKey[] {
  if (issue === undefined) return [];
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
}

function bad(where: string, why = "invalid"): AftershockError {
  return new AftershockError(
    "bad_experiment",
    `${where}: ${why}.`,
    "Compare with jobs/redis/split-brain.yaml, or see CONTRIBUTING.md, A new experiment.",
  );
}
