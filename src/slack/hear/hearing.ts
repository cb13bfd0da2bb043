import type { Logger } from "pino";
import type { z } from "zod";
import { mayLook } from "../../approvals/authorise.ts";
import { AftershockError } from "../../errors.ts";
import type { Actor } from "../../run/service.ts";
import type { Database } from "../../store/database.ts";
import type { Dispatcher } from "../dispatch.ts";
import { errorMessage } from "../errors.ts";
import type { MessageContent } from "../limits.ts";
import type { MessageReader } from "../message-reader.ts";
import { payloadProblem } from "../payload.ts";
import type { ViewPort } from "../view-port.ts";

/** What every listener needs between Slack and the dispatcher. */
export interface Hearing {
  dispatcher: Dispatcher;
  /** The slash command, e.g. `/chaos`. */
  command: string;
  /** The workspace that the bot is installed in. */
  teamId: string;
  database: Database;
  views: ViewPort;
  messages: MessageReader;
  log: Logger;
}

/** The parts of a payload that are used; null, with a line in the log, for what Slack does not send. */
export function read<T extends z.ZodType>(
  schema: T,
  payload: unknown,
  { log }: Pick<Hearing, "log">,
): z.output<T> | null {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  log.warn({ fields: payloadProblem(parsed.error) }, "payload of an unknown form");
  return null;
}

/** Runs it. People of other organisations are refused before anything else. */
export async function forOwnPeople<T>({ teamId }: Hearing, actor: Actor, work: () => Promise<T>): Promise<T> {
  const may = mayLook(teamId, actor);
  if (!may.allowed) throw new AftershockError("not_allowed", may.message, may.hint);
  return work();
}

/** As `forOwnPeople`; what went wrong becomes the answer. */
export async function attempt<T>(hearing: Hearing, actor: Actor, work: () => Promise<T>): Promise<T | MessageContent> {
  try {
    return await forOwnPeople(hearing, actor, work);
  } catch (error) {
    return errorMessage(error, (reference, cause) => hearing.log.error({ err: cause, reference }, "unforeseen error"));
  }
}
