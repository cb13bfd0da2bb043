import type { SlackObserver } from "../slack/observer.ts";
import type { Instruments } from "./instruments.ts";

/** Counts what people do and what Slack is asked. */
export function observeSlack({ commands, interactions, slackCalls }: Instruments): SlackObserver {
  return {
    command: (verb, outcome) => commands.inc({ verb, outcome }),
    interaction: (kind, outcome) => interactions.inc({ kind, outcome }),
    called: (method, outcome) => slackCalls.inc({ method, outcome }),
  };
}
