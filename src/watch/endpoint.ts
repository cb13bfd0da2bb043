import { Agent, request } from "undici";
import { z } from "zod";
import type { OpenEndpoint } from "../config/watching.ts";
import { AftershockError } from "../errors.ts";

export interface EndpointClient {
  /** GET below the address; the parsed JSON of a 2xx. Throws AftershockError `unavailable` otherwise. */
  ask(path: string, parameters: ReadonlyArray<readonly [string, string]>, signal: AbortSignal): Promise<unknown>;
  /** GET; the status and the parsed JSON of any answer, undefined where it has none. Rejects without an answer. */
  get(path: string, parameters: ReadonlyArray<readonly [string, string]>, signal: AbortSignal): Promise<EndpointAnswer>;
  /** Sends JSON; the status and the parsed JSON of any answer, undefined where it has none. Rejects without an answer. */
  send(method: "POST" | "PATCH", path: string, body: object, signal: AbortSignal): Promise<EndpointAnswer>;
  close(): Promise<void>;
}

export interface EndpointAnswer {
  status: number;
  json: unknown;
}

interface Ask {
  signal: AbortSignal;
  method?: "POST" | "PATCH";
  headers?: Readonly<Record<string, string>>;
  body?: string;
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
  const authorization = endpoint.authorization === undefined ? {} : { authorization: endpoint.authorization };
  const answerOf = async (url: string, { headers = {}, ...options }: Ask): Promise<EndpointAnswer> => {
    const answer = await request(url, {
      dispatcher,
      ...options,
      headers: { accept: "application/json", ...authorization, ...headers },
    });
    return { status: answer.statusCode, json: parsed(await answer.body.text()) };
  };
  const get: EndpointClient["get"] = (path, parameters, signal) => {
    const typed = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
    return answerOf(`${base}${path}?${typed.toString()}`, { signal });
  };
  return {
    get,
    ask: async (path, parameters, signal) => {
      const { status, json } = await get(path, parameters, signal);
      if (status >= 200 && status < 300 && json !== undefined) return json;
      const told = refusal.safeParse(json);
      const why = told.success ? `: ${told.data.error}` : "";
      throw new AftershockError(
        "unavailable",
        `${new URL(base).host} answered HTTP ${status}${json === undefined ? " without JSON" : why}`,
        "Try the same question with curl.",
      );
    },
    send: (method, path, body, signal) =>
      answerOf(`${base}${path}`, {
        method,
        signal,
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
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
