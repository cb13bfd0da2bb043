import type { AlarmService } from "../run/alarms/service.ts";
import type { PastService } from "../run/past/service.ts";
import type { HaltService } from "../run/halt/service.ts";
import type { OverviewService } from "../run/overview/service.ts";
import type { ScheduleService } from "../run/schedules/service.ts";
import type { Actor, RunService } from "../run/service.ts";
import type { CommandLine } from "./command-line.ts";
import type { MessageContent } from "./limits.ts";

/** What a verb answers: seen by the person who typed it only. What everybody shall see comes from run events. */
export type Reply = MessageContent;

export interface VerbContext {
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  actor: Actor;
  /** The slash command, e.g. `/chaos`. */
  command: string;
  verbs: readonly Verb[];
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
}

/**
 * Records a click. When it worked nothing need be answered: the card says so. What is answered is seen by the person who
 * clicked only.
 */
export type ButtonHandler = (value: string, context: VerbContext) => Promise<Reply | void>;

/** Prefix of all our action ids. */
export const actionPrefix = "aftershock:";
