import type { AlarmService } from "../run/alarms/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { Actor, RunService } from "../run/service.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { isStorable } from "../experiment/plain-yaml.ts";
import { parseCommandLine, unknownVerb, type CommandLine } from "./command-line.ts";
import type { ButtonHandler, Reply, Verb, VerbContext } from "./verb.ts";

/** Everything between Slack and a verb, without Slack: finds the verb and runs it. Throws AftershockError. */
export interface Dispatcher {
  command(text: string, actor: Actor): Promise<Reply>;
  click(action: string, value: string, actor: Actor): Promise<Reply | void>;
}

export interface Services {
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
}

/** Buttons of ours carry the id of a run or schedule. */
const longestValue = 100;

export function createDispatcher(verbs: readonly Verb[], services: Services, command: string): Dispatcher {
  const byName = new Map(
    verbs.flatMap((verb) => [verb.name, ...(verb.aliases ?? [])].map((name) => [name, verb] as const)),
  );
  const buttons = new Map<string, ButtonHandler>(verbs.flatMap((verb) => Object.entries(verb.buttons ?? {})));
  const context = (actor: Actor): VerbContext => ({ ...services, actor, command, verbs });
  return {
    command: async (text, actor) => {
      const line = parseCommandLine(text);
      const wanted = line.verb === "" ? "home" : line.flags.includes("help") ? "help" : line.verb;
      const verb = byName.get(wanted);
      if (verb === undefined) {
        const experiments = services.service.experiments().map(({ name }) => name);
        throw unknownVerb(line.verb, [...byName.keys()], experiments);
      }
      if (line.flags.includes("help")) return verb.run({ ...line, words: [line.verb] }, context(actor));
      refuseOptions(verb, line, command);
      return verb.run(line, context(actor));
    },
    click: async (action, value, actor) => {
      // After a colon stands what tells two buttons of one kind apart in a message.
      const handler = buttons.get(action.split(":")[0] ?? "");
      if (handler === undefined || value.length > longestValue || !isStorable(value)) {
        throw new AftershockError(
          "bad_command",
          "This button is from an older version.",
          `Use ${command} status instead.`,
        );
      }
      return handler(value, context(actor));
    },
  };
}

/** What a verb does not take is refused: ignored, it would look as if it had been done. */
function refuseOptions(verb: Verb, line: CommandLine, command: string): void {
  const { options = [], flags = [] } = verb;
  const typed = [
    ...(options === "any" ? [] : Object.keys(line.options).filter((name) => !options.includes(name))),
    ...(options === "any" ? [] : line.flags.filter((name) => !flags.includes(name)).map((name) => `--${name}`)),
  ][0];
  if (typed === undefined) return;
  const known = [...(options === "any" ? [] : options), ...flags.map((name) => `--${name}`)];
  const close = nearest(typed, known);
  throw new AftershockError(
    "bad_parameter",
    `${verb.name} does not take "${typed}".`,
    `${close === undefined ? "" : `Did you mean ${close}? `}It is written: ${`${command} ${verb.name} ${verb.usage}`.trim()}`,
  );
}
