import type { IncomingMessage } from "node:http";

/** A call of the Web API, whichever way its arguments came. */
export interface ApiCall {
  /** E.g. `chat.postMessage`. */
  method: string;
  /** Arguments as text; what was JSON is its text. */
  form: URLSearchParams;
  /** Milliseconds since the epoch. */
  atMs: number;
}

export interface RawCall extends ApiCall {
  body: Buffer;
  /** What must be passed on. */
  headers: Record<string, string>;
}

/** Reads a request to `/api/METHOD`: a form, JSON, or a query (docs.slack.dev, Using the Slack Web API). */
export async function readCall(request: IncomingMessage): Promise<RawCall> {
  const body = await readBody(request);
  const url = new URL(request.url ?? "", "http://gate");
  const headers = Object.fromEntries(
    ["content-type", "authorization"].flatMap((name) => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
  const form = (headers["content-type"] ?? "").startsWith("application/json")
    ? argumentsOf(body.toString("utf8"))
    : new URLSearchParams(body.toString("utf8"));
  for (const [name, value] of url.searchParams) if (!form.has(name)) form.set(name, value);
  return { method: url.pathname.replace(/^\/api\//, ""), form, atMs: Date.now(), body, headers };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Arguments sent as JSON, as a form. */
export function argumentsOf(text: string): URLSearchParams {
  const form = new URLSearchParams();
  const parsed: unknown = parseJson(text);
  if (typeof parsed !== "object" || parsed === null) return form;
  for (const [name, value] of Object.entries(parsed)) {
    if (value !== undefined && value !== null) {
      form.set(name, typeof value === "string" ? value : JSON.stringify(value));
    }
  }
  return form;
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
