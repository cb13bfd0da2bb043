import { Agent, request } from "undici";
import { z } from "zod";
import type { OpenEndpoint } from "../config/watching.ts";
import { AftershockError } from "../errors.ts";

export interface EndpointClient {
  /** GET below the address; the parsed JSON of a 2xx. Throws AftershockError `unavailable` otherwise. */
  ask(path: string, parameters: ReadonlyArray<readonly [string, string]>, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** More than this is no answer to a question with one value. */
const maxResponseSize = 4 * 1024 * 1024;

/** A client of its own per endpoint: its connections, its authority, its header. */
export function openEndpoint(endpoint: OpenEndpoint): EndpointClient {
  const dispatcher = new Agent({
    maxResponseSize,
    ...(endpoint.ca === undefined ? {} : { connect: { ca: endpoint.ca } }),
  });
  const base = endpoint.url.replace(/\/+$/, "");
  return {
    ask: async (path, parameters, signal) => {
      const typed = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
      const answer = await request(`${base}${path}?${typed.toString()}`, {
        dispatcher,
        signal,
        headers: {
          accept: "application/json",
          ...(endpoint.authorization === undefined ? {} : { authorization: endpoint.authorization }),
        },
      });
      const text = await answer.body.text();
      const json = parsed(text);
      if (answer.statusCode >= 200 && answer.statusCode < 300 && json !== undefined) return json;
      const told = refusal.safeParse(json);
      const why = told.success ? `: ${told.data.error}` : "";
      throw new AftershockError(
        "unavailable",
        `${new URL(base).host} answered HTTP ${answer.statusCode}${json === undefined ? " without JSON" : why}`,
        "Try the same question with curl.",
      );
    },
    close: () => dispatcher.close(),
  };
}

/** Prometheus' and Alertmanager's way to say no. */
const refusal = z.object({ error: z.string().max(1000) });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
