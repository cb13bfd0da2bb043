import { AftershockError, messageOf } from "../errors.ts";

/** What an API server (or the way to it) said, from the several shapes in which the client throws it. */
export interface ApiProblem {
  /** HTTP status; null when no answer came. */
  status: number | null;
  reason: string;
  message: string;
}

/** Reads a thrown value of the Kubernetes client: ApiException (body is JSON text), a fetch TypeError, an abort. */
export function apiProblem(error: unknown): ApiProblem {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "number") {
    const body = "body" in error ? parseStatus(error.body) : {};
    return {
      status: error.code,
      reason: body.reason ?? `HTTP ${error.code}`,
      message: body.message ?? `the API server answered HTTP ${error.code}`,
    };
  }
  if (error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError")) {
    return { status: null, reason: "Timeout", message: "no answer from the API server in time" };
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return { status: null, reason: "Unreachable", message: [messageOf(error), cause].filter(Boolean).join(": ") };
}

/** The same as an error for people. */
export function clusterError(cluster: string, doing: string, error: unknown): AftershockError {
  const problem = apiProblem(error);
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
