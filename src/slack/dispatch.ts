import type { Actor, RunService } from "../run/service.ts";
import { AftershockError } from "../errors.ts";
import { parseCommandLine, unknownVerb } from "./command-line.ts";
import type { ButtonHandler, Reply, Verb, VerbContext } from "./verb.ts";

/** Everything between Slack and a verb, without Slack: finds the verb and runs it. Throws AftershockError. */
export interface Dispatcher {
  command(text: string, actor: Actor): Promise<Reply>;
  click(action: string, value: string, actor: Actor): Promise<void>;
}

export function createDispatcher(verbs: readonly Verb[], service: RunService, command: string): Dispatcher {
  const byName = new Map(
    verbs.flatMap((verb) => [verb.name, ...(verb.aliases ?? [])].map((name) => [name, verb] as const)),
  );
  const buttons = new Map<string, ButtonHandler>(verbs.flatMap((verb) => Object.entries(verb.buttons ?? {})));
  const context = (actor: Actor): VerbContext => ({ service, actor, command, verbs });
  return {
    command: async (text, actor) => {
      const line = parseCommandLine(text);
      const wanted = line.verb === "" ? "home" : line.flags.includes("help") ? "help" : line.verb;
      const verb = byName.get(wanted);
      if (verb === undefined) throw unknownVerb(line.verb, [...byName.keys()]);
      return verb.run(
        wanted === "help" && line.verb !== "help" ? { ...line, words: [line.verb] } : line,
        context(actor),
      );
    },
    click: async (action, value, actor) => {
      const handler = buttons.get(action);
      if (handler === undefined) {
        throw new AftershockError(
          "bad_command",
          "This button is from an older version.",
          `Use ${command} status instead.`,
        );
      }
      await handler(value, context(actor));
    },
  };
}
