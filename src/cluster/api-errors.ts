import { AftershockError, isAftershockError, messageOf } from "../errors.ts";
import { HandshakeRefused } from "./upgrade.ts";
import { missingRight, notGranted } from "./missing-right.ts";

/** What an API server (or the way to it) said, from the several shapes in which the client throws it. */
export interface ApiProblem {
  /** HTTP status; null when no answer came, or none that could be read. */
  status: number | null;
  reason: string;
  message: string;
  /** What the server asks to wait before the next try (Retry-After in seconds, as Kubernetes sends it); null: nothing. */
  retryAfterMs: number | null;
}

/**
 * Reads a thrown value of the Kubernetes client: ApiException (body is JSON text), a fetch TypeError, an abort, and the
 * SyntaxError of an answer that was cut off.
 */
export function apiProblem(error: unknown): ApiProblem {
  const unanswered = { status: null, retryAfterMs: null };
  // Before the look for a status: these are DOMExceptions, whose own `code` is a number too.
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) {
    return { ...unanswered, reason: "Timeout", message: "no answer from the API server in time" };
  }
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "number") {
    const body = "body" in error ? parseStatus(error.body) : {};
    return {
      status: error.code,
      reason: body.reason ?? `HTTP ${error.code}`,
      message: body.message ?? `the API server answered HTTP ${error.code}`,
      retryAfterMs: "headers" in error ? retryAfterMs(error.headers) : null,
    };
  }
  // Only a refusal of rights is the server's own word on exec; anything else is the way to the pod's kubelet.
  if (error instanceof HandshakeRefused && error.status === 403) {
    return { ...unanswered, status: error.status, reason: "Forbidden", message: error.message };
  }
  if (error instanceof SyntaxError) {
    return { ...unanswered, reason: "Unreadable", message: "the API server's answer was cut off or is not JSON" };
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return { ...unanswered, reason: "Unreachable", message: [messageOf(error), cause].filter(Boolean).join(": ") };
}

/** The same as an error for people; what is one already stays as it is. */
export function clusterError(cluster: string, doing: string, error: unknown): AftershockError {
  if (isAftershockError(error)) return error;
  const problem = apiProblem(error);
  const missing = missingRight(problem);
  if (missing !== null) return notGranted(cluster, doing, missing, error);
  return problem.status === null
    ? new AftershockError(
        "cluster_unreachable",
        `Cluster ${cluster} could not be reached while ${doing}: ${problem.message}.`,
        "Check the cluster's kubeconfig and that its API server runs: kubectl get --raw /readyz",
        { cause: error },
      )
    : new AftershockError(
        "cluster_refused",
        `Cluster ${cluster} refused ${doing}: ${problem.message} (${problem.reason}).`,
        "Check the bot's permissions and that Chaos Mesh is installed: kubectl api-resources --api-group=chaos-mesh.org",
        { cause: error },
      );
}

function retryAfterMs(headers: unknown): number | null {
  if (typeof headers !== "object" || headers === null || !("retry-after" in headers)) return null;
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

function parseStatus(body: unknown): { reason?: string; message?: string } {
  if (typeof body !== "string") return {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return {};
    return {
      ...("reason" in parsed && typeof parsed.reason === "string" ? { reason: parsed.reason } : {}),
      ...("message" in parsed && typeof parsed.message === "string" ? { message: parsed.message } : {}),
    };
  } catch {
    return {};
  }
}
