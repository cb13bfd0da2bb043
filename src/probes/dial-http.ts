import { Agent, request, type buildConnector } from "undici";
import type { Dial } from "./access.ts";

/** An answer, whatever its status. */
export interface HttpAnswer {
  status: number;
  body: string;
}

export interface HttpQuestion {
  path: string;
  timeoutMs: number;
  method?: "GET" | "POST";
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Default: the dial's user and password, as RFC 7617 has it. */
  authorization?: string | null;
}

/** Asks a server, by a name of its own such as its pod's, over HTTP, or HTTPS where the dial has TLS. */
export type HttpAsk = (server: string, dial: Dial, question: HttpQuestion) => Promise<HttpAnswer>;

/**
 * Keeps a connection to each server, with the certificates that it was first dialled with: those of a target do not change
 * while it is open. Connections that nobody uses end by themselves (undici, keepAliveTimeout). An ask rejects with
 * undici's error; `TimeoutError` when the answer is overdue.
 */
export function openHttp(): HttpAsk {
  // By server and not by address: a local end of a tunnel may lead to another pod later, whose certificate is another.
  const agents = new Map<string, { address: string; agent: Agent }>();
  const agentOf = (server: string, { host, port, tls }: Dial): Agent => {
    const address = `${host}:${port}`;
    const known = agents.get(server);
    if (known?.address === address) return known.agent;
    void known?.agent.close().catch(() => undefined);
    // Both take what `tls.connect` takes; undici's type alone has its own idea of what may be undefined.
    const agent = new Agent(tls === undefined ? {} : { connect: { ...tls } as buildConnector.BuildOptions });
    agents.set(server, { address, agent });
    return agent;
  };
  return async (server, dial, { path, timeoutMs, method = "GET", headers = {}, body, authorization }) => {
    const login = authorization === undefined ? basic(dial) : authorization;
    const answer = await request(`${dial.tls === undefined ? "http" : "https"}://${dial.host}:${dial.port}${path}`, {
      method,
      headers: { ...headers, ...(login === null ? {} : { authorization: login }) },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(timeoutMs),
      dispatcher: agentOf(server, dial),
    });
    return { status: answer.statusCode, body: await answer.body.text() };
  };
}

/** HTTP basic authentication (RFC 7617); null without a user. */
function basic({ user, password }: Dial): string | null {
  return user === undefined ? null : `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}`;
}

/** A JSON object; empty for anything else. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
