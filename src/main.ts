import { pino } from "pino";
import { runCli } from "./cli/run-cli.ts";
import { cliCommands } from "./cli/table.ts";

/**
 * Standard output may be a file on a disk that is full, or a pipe that nobody reads any more. Node would end the process
 * for it; a worker that heals must not end because its log cannot be written. This one says nothing, keeps some lines, and
 * goes on when there is space.
 */
const stdout = pino.destination({ fd: 1, sync: true, maxLength: 16 * 1024 * 1024 });
stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

/** The exit code is set, not enforced: the service goes on after its command has started it. */
const code = await runCli(cliCommands, process.argv.slice(2), {
  out: (text) => void stdout.write(text),
  err: (text) => void process.stderr.write(text),
  env: process.env,
});
if (code !== 0) process.exit(code);
