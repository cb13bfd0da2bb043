import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { AftershockError, messageOf } from "../errors.ts";
import { parseDurationMs } from "./duration.ts";
import { referredParameters } from "./insert-parameters.ts";
import { resolveParameters } from "./parameters.ts";
import { experimentSchema, type Experiment, type ParameterDefinition } from "./schema.ts";

/** Larger files are refused unread: an experiment is a page of text. */
const maxBytes = 64 * 1024;

/** Parameters that the conductor itself reads; every experiment must have them. */
const requiredDurations = ["duration", "baseline", "recovery"] as const;

/** All experiments below a folder, by name. Throws AftershockError `bad_experiment` with file, line and reason. */
export async function loadExperiments(directory: string): Promise<Experiment[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name));
  const experiments: Experiment[] = [];
  const seen = new Map<string, string>();
  for (const entry of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(entry.parentPath, entry.name);
    const experiment = parseExperiment(await readFile(file, "utf8"), entry.name);
    const earlier = seen.get(experiment.name);
    if (earlier !== undefined) {
      throw bad(entry.name, `the name ${experiment.name} is taken by ${earlier}`);
    }
    seen.set(experiment.name, entry.name);
    experiments.push(experiment);
  }
  return experiments;
}

/** Parses one experiment file; `file` is used in messages only. Throws AftershockError `bad_experiment`. */
export function parseExperiment(text: string, file: string): Experiment {
  if (Buffer.byteLength(text) > maxBytes) throw bad(file, `larger than ${maxBytes / 1024} KiB`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem !== undefined) throw bad(`${file}:${lines.linePos(problem.pos[0]).line}`, problem.message.split("\n")[0]);
  const parsed = experimentSchema.safeParse(plainValue(document, file));
  if (!parsed.success) {
    // A misspelt key also shows up as a missing one; the misspelling is the better news.
    const issue = parsed.error.issues.find(({ code }) => code === "unrecognized_keys") ?? parsed.error.issues[0];
    const path = issueFieldPath(issue);
    throw bad(
      `${file}:${lineOf(document, lines, path)}`,
      `${path.join(".") || "file"}: ${issue?.message ?? "invalid"}`,
    );
  }
  checkMeaning(parsed.data, file);
  return parsed.data;
}

/** Aliases are of no use in a page of text, and a bomb in a hostile one. */
function plainValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw bad(file, messageOf(error));
  }
}

function checkMeaning(experiment: Experiment, file: string): void {
  for (const name of requiredDurations) {
    if (experiment.parameters[name]?.type !== "duration") {
      throw bad(file, `parameters.${name} is missing or no duration; the run needs it`);
    }
  }
  for (const [name, definition] of Object.entries(experiment.parameters)) {
    if (!isInRange(definition)) throw bad(file, `parameters.${name}.default is outside its own range`);
    if (definition.type !== "choice") continue;
    const stranger = Object.keys(definition.values).find((choice) => !definition.choices.includes(choice));
    if (stranger !== undefined) throw bad(file, `parameters.${name}.values has ${stranger}, which is no choice`);
  }
  for (const name of referredParameters(experiment.faults)) {
    if (!Object.hasOwn(experiment.parameters, name)) throw bad(file, `a fault uses \${${name}}, which is no parameter`);
  }
  for (const profile of Object.keys(experiment.profiles)) resolveParameters(experiment, {}, profile);
}

function isInRange(definition: ParameterDefinition): boolean {
  switch (definition.type) {
    case "duration": {
      const [least, value, most] = [definition.min, definition.default, definition.max].map(parseDurationMs);
      return Number(least) <= Number(value) && Number(value) <= Number(most);
    }
    case "integer":
      return definition.min <= definition.default && definition.default <= definition.max;
    case "choice":
      return definition.choices.includes(definition.default);
    case "text":
      return true;
  }
}

function issueFieldPath(issue: z.core.$ZodIssue | undefined): PropertyKey[] {
  if (issue === undefined) return [];
  return issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
}

function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return 1;
}

function bad(where: string, why = "invalid"): AftershockError {
  return new AftershockError(
    "bad_experiment",
    `${where}: ${why}.`,
    "Compare with jobs/redis/split-brain.yaml, or see CONTRIBUTING.md, A new experiment.",
  );
}
