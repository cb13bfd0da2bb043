import type { Dial } from "../access.ts";
import { jsonObject, type HttpAsk } from "../dial-http.ts";
import { classifyFetchError } from "../fetch-error.ts";
import type { Outcome } from "../history.ts";

export interface Answer {
  status: number;
  /** The body when it is a JSON object; empty otherwise. */
  body: Readonly<Record<string, unknown>>;
}

/** One request, JSON both ways. Any status is an answer; rejects with undici's error without one. */
export async function callApplication(
  ask: HttpAsk,
  { pod, dial }: { pod: string; dial: Dial },
  path: string,
  options: { timeoutMs: number; body?: unknown },
): Promise<Answer> {
  const { body, timeoutMs } = options;
  const headers = { "content-type": "application/json" };
  const post = body === undefined ? {} : { method: "POST" as const, headers, body: JSON.stringify(body) };
  const answer = await ask(pod, dial, { path, timeoutMs, ...post });
  return { status: answer.status, body: jsonObject(answer.body) };
}

export interface Judged {
  outcome: Outcome;
  /** Absent when it is ok. */
  error?: string;
}

/** By these the request was refused before anything was done with it (RFC 9110, 15.5; 429: RFC 6585). */
const refusedStatus = new Set([400, 401, 403, 404, 405, 406, 411, 413, 415, 422, 429]);

/**
 * What an answer says of a write. 2xx: stored. 503 with `applied: "no"`: the application's own word that nothing was
 * stored. Any other 5xx (a proxy's 503 too): it may have been stored.
 */
export function judgeWrite({ status, body }: Answer): Judged {
  if (status >= 200 && status < 300) return { outcome: "ok" };
  const reason = typeof body["error"] === "string" && body["error"] !== "" ? body["error"].slice(0, 60) : null;
  if (refusedStatus.has(status)) return { outcome: "fail", error: `HTTP ${status}` };
  if (status === 503 && body["applied"] === "no") return { outcome: "fail", error: reason ?? "HTTP 503" };
  return { outcome: "unknown", error: reason ?? `HTTP ${status}` };
}

/** What an answer says of a read or a health check: 200 is ok, anything else is not. */
export function judgeRead({ status, body }: Answer): Judged {
  if (status === 200) return { outcome: "ok" };
  const reason = typeof body["error"] === "string" && body["error"] !== "" ? body["error"].slice(0, 60) : null;
  return { outcome: "fail", error: reason ?? `HTTP ${status}` };
}

/** What no answer says; a read that got none has failed. */
export function judgeSilence(error: unknown, kind: "write" | "read"): Judged {
  const judged = classifyFetchError(error);
  return kind === "read" ? { ...judged, outcome: "fail" } : judged;
}
