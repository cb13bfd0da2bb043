import type { FetchFunction } from "@slack/web-api";
import { isAftershockError } from "../errors.ts";
import type { Dispatcher } from "./dispatch.ts";
import { parseCommandLine } from "./command-line.ts";
import type { Verb } from "./verb.ts";

export type InteractionOutcome = "ok" | "refused" | "failed";
/** As `SlackProblem` tells them apart, as far as one call shows it. */
export type SlackCallOutcome = "ok" | "refused" | "rate_limited" | "unknown";

/** Looks on at what people do and what Slack is asked, e.g. to count. */
export interface SlackObserver {
  /** `verb`: its name, whatever alias was typed; `unknown` for a word that is none. */
  command(verb: string, outcome: InteractionOutcome): void;
  interaction(kind: "button" | "input" | "form" | "shortcut" | "home", outcome: InteractionOutcome): void;
  called(method: string, outcome: SlackCallOutcome): void;
}

/** The same dispatcher, looked at. */
export function observeDispatcher(dispatcher: Dispatcher, verbs: readonly Verb[], observer: SlackObserver): Dispatcher {
  const names = new Map(verbs.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((word) => [word, name])));
  const looked = async <T>(work: Promise<T>, tell: (outcome: InteractionOutcome) => void): Promise<T> => {
    try {
      const result = await work;
      tell("ok");
      return result;
    } catch (error) {
      tell(isAftershockError(error) ? "refused" : "failed");
      throw error;
    }
  };
  return {
    command: (text, ...rest) =>
      looked(dispatcher.command(text, ...rest), (outcome) => observer.command(verbIn(text, names), outcome)),
    click: (...given) => looked(dispatcher.click(...given), (outcome) => observer.interaction("button", outcome)),
    change: (...given) => looked(dispatcher.change(...given), (outcome) => observer.interaction("input", outcome)),
    submit: (...given) => looked(dispatcher.submit(...given), (outcome) => observer.interaction("form", outcome)),
    message: (...given) => looked(dispatcher.message(...given), (outcome) => observer.interaction("shortcut", outcome)),
    appHome: (...given) => looked(dispatcher.appHome(...given), (outcome) => observer.interaction("home", outcome)),
  };
}

function verbIn(text: string, names: ReadonlyMap<string, string>): string {
  try {
    const { verb } = parseCommandLine(text);
    return verb === "" ? "home" : (names.get(verb) ?? "unknown");
  } catch {
    return "unknown";
  }
}

/**
 * A `fetch` for Slack's clients that tells how each call of a method ended. The clients put a method's name behind the
 * API's address (`chat.postMessage`); uploads go elsewhere and are not told.
 */
export function observedFetch(observer: SlackObserver, slackApiUrl = "https://slack.com/api/"): FetchFunction {
  const base = slackApiUrl.endsWith("/") ? slackApiUrl : `${slackApiUrl}/`;
  return async (url, init) => {
    const address = String(url);
    const method = address.startsWith(base) ? address.slice(base.length).split("?")[0] : undefined;
    const tell = (outcome: SlackCallOutcome): void => {
      if (method !== undefined) observer.called(method, outcome);
    };
    let response: Response;
    try {
      response = await fetch(url as string, init as RequestInit);
    } catch (error) {
      tell("unknown");
      throw error;
    }
    if (response.status === 429) tell("rate_limited");
    else if (!response.ok || method === undefined) tell("unknown");
    else void outcomeOf(response.clone()).then(tell);
    return response;
  };
}

async function outcomeOf(answer: Response): Promise<SlackCallOutcome> {
  try {
    const { ok, error } = (await answer.json()) as { ok?: unknown; error?: unknown };
    if (ok === true) return "ok";
    return error === "ratelimited" || error === "rate_limited" ? "rate_limited" : "refused";
  } catch {
    return "unknown";
  }
}
