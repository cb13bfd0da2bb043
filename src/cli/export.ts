import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { mayOperate } from "../approvals/authorise.ts";
import { AftershockError } from "../errors.ts";
import { enforce } from "../run/decide.ts";
import { sumsFile } from "../run/export/bundle.ts";
import { requireFiles } from "../run/export/require-files.ts";
import { runsWithFiles } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import type { CliCommand } from "./cli-command.ts";
import { withDatabase } from "./open-database.ts";
import { writeFiles } from "./write-files.ts";

const usage = `Usage: aftershock export RUN [--out DIR] [--config FILE]

Writes everything of a run that has ended to a folder: report.md, report.html, report.json, history.jsonl, the charts, and
${sumsFile} (check: sha256sum -c ${sumsFile}). A large history is compressed: history.jsonl.gz.

  --out DIR   default: a folder named for the run, here

The database is DATABASE_URL, or what --config says.
Exit codes: 0 written, 1 could not be written, no such run, or one that has not ended, 2 wrong usage or configuration.
`;

/** So many runs are offered when none was named. */
const mostOffered = 10;

/** `aftershock export`: the twin of `/chaos export`. */
export const exportCommand: CliCommand = {
  name: "export",
  summary: "writes report, history and charts of a run to a folder",
  usage,
  run: async (args, terminal) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { out: { type: "string" }, config: { type: "string" } },
      allowPositionals: true,
    });
    enforce(mayOperate("export", userInfo().username));
    const [typed, ...rest] = positionals;
    if (rest.length > 0) throw new AftershockError("bad_command", "One run at a time.", usage);
    return withDatabase(terminal, values.config, async (database) => {
      if (typed === undefined) throw await whichRun(database);
      const { run, files } = await requireFiles(database, typed, (id) => `aftershock audit show ${id}`);
      const directory = values.out ?? run.id;
      if (!(await writeFiles(directory, files, terminal))) {
        terminal.err("Name a folder that can be written: --out DIR\n");
        return 1;
      }
      terminal.out(
        `${files.length} files of ${run.id} in ${directory}. Check them: cd ${directory} && sha256sum -c ${sumsFile}\n`,
      );
      return 0;
    });
  },
};

async function whichRun(database: Database): Promise<AftershockError> {
  const runs = await runsWithFiles(database, mostOffered);
  if (runs.length === 0) {
    return new AftershockError("bad_command", "Which run? None has ended with files yet.", usage);
  }
  const offered = runs.map(({ id, experiment }) => `  ${id}  ${experiment}`).join("\n");
  return new AftershockError(
    "bad_command",
    "Which run?",
    `The newest that have files:\n${offered}\nFor example: aftershock export ${runs[0]?.id ?? "run-1"}`,
  );
}
