import { runCli } from "./cli/run-cli.ts";
import { cliCommands } from "./cli/table.ts";

/** The exit code is set, not enforced: the service goes on after its command has started it. */
const code = await runCli(cliCommands, process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
});
if (code !== 0) process.exit(code);
