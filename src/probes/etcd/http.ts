import { textOf, wholeNumber } from "../figure.ts";
import { classifyFetchError } from "../fetch-error.ts";
import type { Outcome } from "../history.ts";

export const clientPort = 2379;

/** An answer of etcd that is no success: its message and gRPC code, as the JSON gateway gives them. */
export class EtcdRefusal extends Error {
  readonly code: number;
  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}

/** The call never left: there was no way to the member, or no login at it in time. The cause says why. */
export class EtcdNotSent extends Error {
  readonly reason: "no-way-in" | "not-logged-in";
  constructor(reason: EtcdNotSent["reason"], cause: unknown) {
    super(`not sent: ${reason}`, { cause });
    this.reason = reason;
  }
}

export type Json = Readonly<Record<string, unknown>>;

/** What the JSON gateway answered. Throws EtcdRefusal for what is no success. */
export function readAnswer(statusCode: number, text: string): Json {
  const parsed = parseObject(text, statusCode);
  if (statusCode === 200) return parsed;
  const message = textOf(parsed["message"]) ?? textOf(parsed["error"]) ?? `HTTP ${statusCode}`;
  throw new EtcdRefusal(message, wholeNumber(parsed["code"]) ?? 2);
}

/** Some refusals are plain text, e.g. of a client certificate with a name (etcd, embed/serve.go). */
function parseObject(text: string, statusCode: number): Json {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null && !Array.isArray(said) ? (said as Json) : {};
  } catch (error) {
    if (statusCode === 200) throw error;
    return { message: text.trim().slice(0, 160) || undefined };
  }
}

/**
 * The answer, of calls that etcd answers with a header (status and range do, alarm does not in 3.4). Zero values are left
 * out, so that an answer without anything would look like one that says zero, or no keys. Throws for one without.
 */
export function withHeader(answer: Json): Json {
  if (typeof answer["header"] === "object" && answer["header"] !== null) return answer;
  throw new Error("what answered is no etcd: its answer has no header");
}

export const base64 = (text: string): string => Buffer.from(text).toString("base64");
export const fromBase64 = (value: unknown): string => Buffer.from(String(value ?? ""), "base64").toString("utf8");
/** The first key after all that begin with `prefix` (etcd's `range_end` of a prefix). */
export const prefixEnd = (prefix: string): string =>
  `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;

/**
 * Answers by which etcd says that it did not apply a write (anchors/consistency-and-failover.md 5.3). Logins and rights
 * are judged before anything is applied (etcd, auth/store.go).
 */
const refusals: ReadonlyArray<[text: string, name: string]> = [
  ["no leader", "no-leader"],
  ["too many requests", "too-many-requests"],
  ["database space exceeded", "no-space"],
  ["permission denied", "permission-denied"],
  ["raft: stopped", "raft-stopped"],
  ["user name is empty", "not-logged-in"],
  ["invalid auth token", "not-logged-in"],
  ["CommonName of client", "certificate-refused"],
];

/** What an error of a write proves. Only a listed refusal, or a connection that never was, proves that nothing happened. */
export function classifyEtcdError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  if (error instanceof EtcdNotSent) return { outcome: "fail", error: error.reason };
  if (error instanceof EtcdRefusal) {
    const refusal = refusals.find(([text]) => error.message.includes(text));
    if (refusal !== undefined) return { outcome: "fail", error: refusal[1] };
    const name = error.message.includes("timed out") ? "server-timeout" : error.message.replace(/^etcdserver: /, "");
    return { outcome: "unknown", error: name.slice(0, 60) };
  }
  return classifyFetchError(error);
}
