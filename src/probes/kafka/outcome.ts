import { ProtocolError, ResponseError } from "@platformatic/kafka";
import type { Outcome } from "../history.ts";
import { NoAnswer, NotSent } from "./broker-link.ts";

/**
 * Errors by which a broker says that it has not appended (anchors/consistency-and-failover.md 5.5; Kafka protocol guide,
 * error codes). NOT_LEADER_OR_FOLLOWER is not one of them: a leader that loses its place while a write waits for its
 * replicas gives that answer too, and has appended it then (KAFKA-13574).
 */
const refusals: ReadonlySet<string> = new Set([
  "NOT_ENOUGH_REPLICAS",
  "INVALID_TOPIC_EXCEPTION",
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_REQUIRED_ACKS",
  "INVALID_RECORD",
  "POLICY_VIOLATION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
]);

/** Kafka's own name of the first error in an answer, e.g. `NOT_ENOUGH_REPLICAS`; null if it is no broker's answer. */
export function brokerError(error: unknown): string | null {
  if (!(error instanceof ResponseError)) return null;
  const [first] = error.errors;
  return first instanceof ProtocolError ? String(first["apiId"]) : "UNKNOWN_SERVER_ERROR";
}

/** What an error of a write proves. Only a listed refusal, or a request that never left, proves that nothing happened. */
export function classifyKafkaError(error: unknown): { outcome: Exclude<Outcome, "ok">; error: string } {
  if (error instanceof NotSent) return { outcome: "fail", error: error.reason };
  if (error instanceof NoAnswer) return { outcome: "unknown", error: "timeout" };
  const name = brokerError(error);
  if (name === null) return { outcome: "unknown", error: "connection-lost" };
  return { outcome: refusals.has(name) ? "fail" : "unknown", error: name };
}
