import type { z } from "zod";
import { closestIssues } from "./closest-issue.ts";
import { meaningProblem } from "./meaning.ts";
import { readPlainYaml, type Place } from "./plain-yaml.ts";
import { experimentSchema, type Experiment } from "./schema.ts";

/** One thing that is wrong with a file; `place` is null where it is the file as a whole. */
export interface ExperimentProblem {
  place: Place | null;
  why: string;
  /** A key that no experiment has: often the cause of a key that is missing. */
  misspelt: boolean;
}

export type ReadExperiment =
  | { ok: true; experiment: Experiment }
  | { ok: false; problems: readonly ExperimentProblem[] };

/** What a text says as an experiment, or everything that is wrong with its form, by place. Pure. */
export function readExperiment(text: string, maxBytes: number): ReadExperiment {
  const yaml = readPlainYaml(text, maxBytes);
  if (!yaml.ok) return refused([{ place: yaml.place, why: yaml.why, misspelt: false }]);
  const parsed = experimentSchema.safeParse(yaml.value);
  if (!parsed.success) {
    return refused(
      parsed.error.issues
        .flatMap(closestIssues)
        .flatMap(issuePaths)
        .map(({ path, issue }) => ({
          place: yaml.placeOf(path),
          why: `${path.join(".") || "file"}: ${issue.message}`,
          misspelt: issue.code === "unrecognized_keys",
        })),
    );
  }
  const problem = meaningProblem(parsed.data);
  if (problem === null) return { ok: true, experiment: parsed.data };
  const { path, why } = problem;
  return refused([{ place: yaml.placeOf(path), why: `${path.join(".")} ${why}`, misspelt: false }]);
}

function refused(problems: readonly ExperimentProblem[]): ReadExperiment {
  return { ok: false, problems };
}

/** An issue may name several keys of one mapping: each has a place of its own. */
function issuePaths(issue: z.core.$ZodIssue): Array<{ path: PropertyKey[]; issue: z.core.$ZodIssue }> {
  return issue.code === "unrecognized_keys"
    ? issue.keys.map((key) => ({ path: [...issue.path, key], issue }))
    : [{ path: issue.path, issue }];
}
