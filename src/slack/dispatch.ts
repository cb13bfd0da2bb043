import type { AlarmService } from "../run/alarms/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { ExportService } from "../run/export/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { Actor, RunService } from "../run/service.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { isStorable } from "../experiment/plain-yaml.ts";
import type { KnownBlock } from "@slack/types";
import { parseCommandLine, unknownVerb, type CommandLine } from "./command-line.ts";
import { actionName, type ModalAnswer, type OpenModal } from "./modal.ts";
import { noSurfaces, type Surfaces } from "./surfaces.ts";
import type { ButtonHandler, InputHandler, ModalHandler, Reply, Verb, VerbContext } from "./verb.ts";

/** Everything between Slack and a verb, without Slack: finds the verb and runs it. Throws AftershockError. */
export interface Dispatcher {
  command(text: string, actor: Actor, surfaces?: Surfaces): Promise<Reply>;
  click(action: string, value: string, actor: Actor, surfaces?: Surfaces): Promise<Reply | void>;
  /** Something was changed in a form. */
  change(action: string, value: string, modal: OpenModal, actor: Actor, surfaces?: Surfaces): Promise<void>;
  submit(callback: string, submitted: OpenModal, actor: Actor, surfaces?: Surfaces): Promise<ModalAnswer>;
  /** The blocks of the person's App Home; null when no verb draws one. */
  appHome(actor: Actor, surfaces?: Surfaces): Promise<readonly KnownBlock[] | null>;
}

export interface Services {
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  exports: ExportService;
}

/** Buttons of ours carry the id of a run or schedule. */
const longestValue = 100;

export function createDispatcher(verbs: readonly Verb[], services: Services, command: string): Dispatcher {
  const byName = new Map(
    verbs.flatMap((verb) => [verb.name, ...(verb.aliases ?? [])].map((name) => [name, verb] as const)),
  );
  const buttons = new Map<string, ButtonHandler>(verbs.flatMap((verb) => Object.entries(verb.buttons ?? {})));
  const inputs = new Map<string, InputHandler>(verbs.flatMap((verb) => Object.entries(verb.inputs ?? {})));
  const modals = new Map<string, ModalHandler>(verbs.flatMap((verb) => Object.entries(verb.modals ?? {})));
  const context = (actor: Actor, surfaces: Surfaces): VerbContext => ({ ...services, actor, command, verbs, surfaces });
  const outdated = (what: string): AftershockError =>
    new AftershockError("bad_command", `This ${what} is from an older version.`, `Use ${command} status instead.`);
  return {
    command: async (text, actor, surfaces = noSurfaces) => {
      const line = parseCommandLine(text);
      const wanted = line.verb === "" ? "home" : line.flags.includes("help") ? "help" : line.verb;
      const verb = byName.get(wanted);
      if (verb === undefined) {
        const experiments = services.service.experiments().map(({ name }) => name);
        throw unknownVerb(line.verb, [...byName.keys()], experiments);
      }
      if (line.flags.includes("help")) return verb.run({ ...line, words: [line.verb] }, context(actor, surfaces));
      refuseOptions(verb, line, command);
      return verb.run(line, context(actor, surfaces));
    },
    click: async (action, value, actor, surfaces = noSurfaces) => {
      const handler = buttons.get(actionName(action));
      if (handler === undefined || value.length > longestValue || !isStorable(value)) throw outdated("button");
      return handler(value, context(actor, surfaces));
    },
    change: async (action, value, modal, actor, surfaces = noSurfaces) => {
      const handler = inputs.get(actionName(action));
      if (handler === undefined || !isReadable(modal) || !isStorable(value)) throw outdated("form");
      await handler(value, context(actor, surfaces), modal);
    },
    submit: async (callback, submitted, actor, surfaces = noSurfaces) => {
      const handler = modals.get(callback);
      if (handler === undefined || !isReadable(submitted)) throw outdated("form");
      return handler(submitted, context(actor, surfaces));
    },
    appHome: async (actor, surfaces = noSurfaces) =>
      (await verbs.find((verb) => verb.appHome !== undefined)?.appHome?.(context(actor, surfaces))) ?? null,
  };
}

/** As long as a text input's value may be (docs.slack.dev, Plain-text input), and what PostgreSQL can store. */
const longestInput = 3000;

function isReadable({ values, state }: OpenModal): boolean {
  return [state, ...Object.values(values).flatMap((value) => value ?? [])].every(
    (value) => value.length <= longestInput && isStorable(value),
  );
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
