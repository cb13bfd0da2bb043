import type { AlarmService } from "../run/alarms/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { ExportService } from "../run/export/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { Actor, RunService } from "../run/service.ts";
import type { CommandLine } from "./command-line.ts";
import type { KnownBlock } from "@slack/types";
import type { MessageContent } from "./limits.ts";
import type { ModalAnswer, OpenModal } from "./modal.ts";
import type { Surfaces } from "./surfaces.ts";

/** What a verb answers: seen by the person who typed it only. What everybody shall see comes from run events. */
export type Reply = MessageContent;

export interface VerbContext {
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  exports: ExportService;
  actor: Actor;
  /** The slash command, e.g. `/chaos`. */
  command: string;
  verbs: readonly Verb[];
  surfaces: Surfaces;
}

/** One `/chaos` verb: a file in `commands/`. It validates, records and answers; it never injects. */
export interface Verb {
  name: string;
  aliases?: readonly string[];
  /** After the verb, e.g. `NAME [key=value …]`. */
  usage: string;
  summary: string;
  examples: readonly string[];
  /** Options it takes, or `any` when it checks them itself; absent: none. */
  options?: "any" | readonly string[];
  /** Options without a value that it takes, besides `--help`. */
  flags?: readonly string[];
  /** Throws AftershockError for anything a person could mend. */
  run(line: CommandLine, context: VerbContext): Promise<Reply>;
  /** Handlers of its buttons by action name, without the prefix. The value is the button's. */
  buttons?: Readonly<Record<string, ButtonHandler>>;
  /** Handlers of what is changed in its forms (`dispatch_action`), by action name. */
  inputs?: Readonly<Record<string, InputHandler>>;
  /** Handlers of its submitted forms, by callback name. */
  modals?: Readonly<Record<string, ModalHandler>>;
  /** The App Home of the person, of one verb only. At most 100 blocks. */
  appHome?(context: VerbContext): Promise<readonly KnownBlock[]>;
}

/**
 * Records a click. When it worked nothing need be answered: the card says so. What is answered is seen by the person who
 * clicked only.
 */
export type ButtonHandler = (value: string, context: VerbContext) => Promise<Reply | void>;

/** The value that was chosen, and the form as it is now; it draws the form anew by `context.surfaces`. */
export type InputHandler = (value: string, context: VerbContext, modal: OpenModal) => Promise<void>;

export type ModalHandler = (submitted: OpenModal, context: VerbContext) => Promise<ModalAnswer>;
