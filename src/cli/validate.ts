import { readFile, stat } from "node:fs/promises";
import { parseArgs } from "node:util";
import { AftershockError, messageOf } from "../errors.ts";
import { experimentJsonSchema } from "../experiment/experiment-json-schema.ts";
import { findExperimentFiles } from "../experiment/find-files.ts";
import { insertable, insertParameters } from "../experiment/insert-parameters.ts";
import { maxBytes } from "../experiment/load.ts";
import { resolveParameters } from "../experiment/parameters.ts";
import { decodeUtf8 } from "../experiment/plain-yaml.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import type { Experiment } from "../experiment/schema.ts";
import { specProblem } from "../run/fault-spec.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";

const usage = `Usage: aftershock validate FILE|DIR… | --schema

Reads experiment files as the bot does when it starts, and prints everything that is wrong as FILE:LINE:COLUMN: KEY: WHY.
Needs no cluster and no database: it knows the form of a file, its parameters, and what a fault's spec may hold, not
which pods there are. /chaos run NAME --dry-run plans it against a cluster.

  --schema   prints the JSON Schema instead; editors complete and check by it. First line of an experiment:
             # yaml-language-server: $schema=experiment.schema.json

Exit codes: 0 all are sound, 1 one is not, 2 wrong usage.
`;

/** `aftershock validate`: checks experiment files, for an editor, a hook or CI. */
export const validate: CliCommand = {
  name: "validate",
  summary: "checks experiment files; says line, column and reason",
  usage,
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { schema: { type: "boolean" } },
      allowPositionals: true,
    });
    if (values.schema === true) {
      terminal.out(`${JSON.stringify(experimentJsonSchema(), null, 2)}\n`);
      return 0;
    }
    if (positionals.length === 0) throw new AftershockError("bad_command", "Which file?", usage);
    const files = (await Promise.all(positionals.map(filesAt))).flat();
    if (files.length === 0) {
      throw new AftershockError("bad_command", "There is no *.yaml or *.yml below that.", "Name a file or its folder.");
    }
    return checkAll(files, terminal);
  },
};

async function checkAll(files: readonly string[], terminal: Terminal): Promise<number> {
  const takenBy = new Map<string, string>();
  let wrong = 0;
  for (const file of files) {
    const { experiment, lines } = await check(file);
    const other = experiment === null ? undefined : takenBy.get(experiment.name);
    if (experiment !== null && other === undefined) takenBy.set(experiment.name, file);
    const all = other === undefined ? lines : [`${file}: the name ${experiment?.name} is taken by ${other}`, ...lines];
    if (all.length > 0) wrong += 1;
    for (const line of all) terminal.err(`${line}\n`);
    if (all.length === 0) terminal.out(`${file}: ${experiment?.name}, sound\n`);
  }
  if (files.length > 1) terminal.out(`${files.length} files, ${wrong === 0 ? "all sound" : `${wrong} not sound`}\n`);
  return wrong === 0 ? 0 : 1;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
  } catch (error) {
    throw new AftershockError("bad_command", `${path} cannot be read: ${messageOf(error)}`, "Name a file or a folder.");
  }
  const found = await findExperimentFiles(
    path,
    (where, why) => new AftershockError("bad_experiment", `${where}: ${why}.`, "Name a file or a folder."),
  );
  return found.map((file) => file.path);
}

/** The experiment of a file, null where its form is wrong; and what is wrong, one line each. */
async function check(file: string): Promise<{ experiment: Experiment | null; lines: string[] }> {
  const text = decodeUtf8(await readFile(file));
  if (text === undefined) return { experiment: null, lines: [`${file}: not UTF-8`] };
  const read = readExperiment(text, maxBytes);
  if (read.ok) return { experiment: read.experiment, lines: specLines(file, read.experiment) };
  return {
    experiment: null,
    lines: read.problems.map(({ place, why }) =>
      place === null ? `${file}: ${why}` : `${file}:${place.line}:${place.column}: ${why}`,
    ),
  };
}

/** What planning would refuse in a fault's spec, with the defaults inserted. */
function specLines(file: string, experiment: Experiment): string[] {
  const inserts = insertable(experiment, resolveParameters(experiment, {}, undefined));
  return experiment.faults.flatMap(({ id, kind, spec }, at) => {
    const problem = specProblem(kind, insertParameters(spec, inserts));
    return problem === null ? [] : [`${file}: faults.${at} (${id}) ${problem}`];
  });
}
