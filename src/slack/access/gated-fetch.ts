import type { FetchFunction } from "@slack/web-api";
import { methods } from "./methods.ts";

/** Slack's own (docs.slack.dev, Using the Slack Web API); a client's default. */
export const slackApi = "https://slack.com/api/";

/** What every client of the Web API is made with. */
export interface Gate {
  slackApiUrl: string;
  fetch: FetchFunction;
}

/**
 * Options for a client of Slack at this address (undefined: Slack's own) that sends no method which is not in `methods`:
 * its scope would be in no manifest, and it would fail in every workspace but the developer's. `send` is Node's fetch.
 */
export function throughGate(slackApiUrl: string | undefined, send: FetchFunction = fetch): Gate {
  const base = (slackApiUrl ?? slackApi).replace(/\/?$/, "/");
  return {
    slackApiUrl: base,
    fetch: (input, init) => {
      const url = String(input);
      const method = url.startsWith(base) ? (url.slice(base.length).split("?")[0] ?? "") : null;
      // Uploads and response_urls go elsewhere.
      if (method !== null && !Object.hasOwn(methods, method)) {
        return Promise.reject(new Error(`${method} is not in src/slack/access/methods.ts, and was not sent`));
      }
      return send(input, init);
    },
  };
}
