import { Agent, request } from "undici";
import { classifyFetchError } from "../fetch-error.ts";
import { textOf, wholeNumber } from "../figure.ts";
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

/**
 * The process's connections to etcd, kept alive, as `fetch` has its own. `fetch` itself took twice the processor time at
 * 2,000 calls a second (bench/probe-rate.ts), and then the schedule slipped.
 */
const connections = new Agent();

export type Json = Readonly<Record<string, unknown>>;

/**
 * One call of etcd's JSON gateway (etcd documentation, gRPC gateway): POST, bytes in base64, 64-bit numbers as text,
 * zero values left out. Rejects with EtcdRefusal when etcd answers an error, otherwise with undici's error.
 */
export async function callEtcd(
  host: string,
  path: string,
  body: Json,
  options: { timeoutMs: number; headers?: Readonly<Record<string, string>> },
): Promise<Json> {
  const answer = await request(`http://${host}:${clientPort}/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...options.headers },
    signal: AbortSignal.timeout(options.timeoutMs),
    dispatcher: connections,
  });
  const said: unknown = await answer.body.json();
  const parsed: Json = typeof said === "object" && said !== null && !Array.isArray(said) ? (said as Json) : {};
  if (answer.statusCode !== 200) {
    const message = textOf(parsed["message"]) ?? textOf(parsed["error"]) ?? `HTTP ${answer.statusCode}`;
    throw new EtcdRefusal(message, wholeNumber(parsed["code"]) ?? 2);
  }
  return parsed;
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

/** Answers by which etcd says that it did not apply a write (anchors/consistency-and-failover.md 5.3). */
const refusals: ReadonlyArray<[text: string, name: string]> = [
  ["no leader", "no-leader"],
  ["too many requests", "too-many-requests"],
  ["database space exceeded", "no-space"],
  ["permission denied", "permission-denied"],
  ["raft: stopped", "raft-stopped"],
];

/** What an error of a write proves. Only a listed refusal, or a connection that never was, proves that nothing happened. */
export function classifyEtcdError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  if (error instanceof EtcdRefusal) {
    const refusal = refusals.find(([text]) => error.message.includes(text));
    if (refusal !== undefined) return { outcome: "fail", error: refusal[1] };
    const name = error.message.includes("timed out") ? "server-timeout" : error.message.replace(/^etcdserver: /, "");
    return { outcome: "unknown", error: name.slice(0, 60) };
  }
  return classifyFetchError(error);
}
