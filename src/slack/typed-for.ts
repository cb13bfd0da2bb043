import { AftershockError } from "../errors.ts";
import { parseCommandLine } from "./command-line.ts";
import type { Reply, VerbContext } from "./verb.ts";

/** Verbs that only show something, so that a button may type them for somebody. */
const showing: ReadonlySet<string> = new Set([
  "actions",
  "alarms",
  "compare",
  "findings",
  "gameday",
  "help",
  "history",
  "list",
  "policy",
  "schedules",
  "show",
  "status",
]);
/** Verbs that without anything after them only ask what is meant. */
const asking: ReadonlySet<string> = new Set(["home", "run"]);

/**
 * What somebody would see who typed this: buttons that show something carry a command line. One that could change
 * something is refused with AftershockError `bad_command`: such buttons have handlers of their own.
 */
export async function typedFor(text: string, context: VerbContext): Promise<Reply> {
  const line = parseCommandLine(text);
  const verb = context.verbs.find(({ name }) => name === line.verb);
  const bare = line.tokens.length === 0;
  const isDryRun = line.verb === "run" && line.flags.includes("dry-run");
  const onlyShows = bare || (line.verb !== "alarms" && line.verb !== "gameday" && line.verb !== "actions");
  const mayType = (showing.has(line.verb) && onlyShows) || (asking.has(line.verb) && bare) || isDryRun;
  if (verb === undefined || !mayType) {
    throw new AftershockError(
      "bad_command",
      "This button is from an older version.",
      `Type it instead: ${context.command} help`,
    );
  }
  return verb.run(line, context);
}
