/**
 * Errors as the Kubernetes API says them: `Status` objects, with the wording of
 * k8s.io/apimachinery/pkg/api/errors, since clients (and people's scripts) match on both reason and message.
 */
import type { Attributes } from "./access/rbac.ts";

export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, never>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

/** Thrown by handlers; the server answers with its status. */
export class ApiError extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? status.reason ?? "");
    this.name = "ApiError";
    this.status = status;
  }
}

/** A resource as it appears in messages: `pods`, `statefulsets.apps`. */
export interface ResourceName {
  group: string;
  plural: string;
}

export interface KindName {
  group: string;
  kind: string;
}

function failure(code: number, reason: string, message: string, details?: StatusDetails): ApiError {
  const base = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure" } as const;
  return new ApiError({ ...base, message, reason, ...(details === undefined ? {} : { details }), code });
}

export function success(code: number, details?: StatusDetails): Status {
  const base = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" } as const;
  return { ...base, ...(details === undefined ? {} : { details }), code };
}

/** `pods` or `statefulsets.apps`. */
export function qualified(resource: ResourceName): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

// In the details of an error, `kind` is the resource (a quirk kept by the API for compatibility).
function about(resource: ResourceName, name: string): StatusDetails {
  return { name, ...(resource.group === "" ? {} : { group: resource.group }), kind: resource.plural };
}

export function notFound(resource: ResourceName, name: string): ApiError {
  return failure(404, "NotFound", `${qualified(resource)} "${name}" not found`, about(resource, name));
}

/** No such path. */
export function noSuchPath(): ApiError {
  return failure(404, "NotFound", "the server could not find the requested resource", {});
}

export function alreadyExists(resource: ResourceName, name: string): ApiError {
  return failure(409, "AlreadyExists", `${qualified(resource)} "${name}" already exists`, about(resource, name));
}

export const modifiedMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: ResourceName, name: string, problem: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${problem}`;
  return failure(409, "Conflict", message, about(resource, name));
}

export function badRequest(message: string): ApiError {
  return failure(400, "BadRequest", message);
}

export function unauthorized(): ApiError {
  return failure(401, "Unauthorized", "Unauthorized");
}

export function forbidden(resource: ResourceName, name: string, problem: string): ApiError {
  const message = `${qualified(resource)} "${name}" is forbidden: ${problem}`;
  return failure(403, "Forbidden", message, about(resource, name));
}

/** Refused by access control. Source: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go. */
export function refused(username: string, wanted: Attributes): ApiError {
  if (wanted.about === "path") {
    return failure(403, "Forbidden", `forbidden: User "${username}" cannot ${wanted.verb} path "${wanted.path}"`, {});
  }
  const { verb, group, resource, subresource, namespace, name } = wanted;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  const place = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const problem = `User "${username}" cannot ${verb} resource "${full}" in API group "${group}" ${place}`;
  const named = { group, plural: resource };
  if (name !== "") return forbidden(named, name, problem);
  const { name: _name, ...details } = about(named, name);
  return failure(403, "Forbidden", `${qualified(named)} is forbidden: ${problem}`, details);
}

/** What the API server makes of a webhook that says no with a plain error. */
export function deniedByWebhook(webhook: string, problem: string): ApiError {
  return failure(403, "Forbidden", `admission webhook "${webhook}" denied the request: ${problem}`);
}

export function methodNotAllowed(): ApiError {
  const message = "the server does not allow this method on the requested resource";
  return failure(405, "MethodNotAllowed", message, {});
}

export function notAcceptable(accepted: readonly string[]): ApiError {
  const message = `only the following media types are accepted: ${accepted.join(", ")}`;
  return failure(406, "NotAcceptable", message);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return failure(415, "UnsupportedMediaType", message);
}

export function tooLarge(limitBytes: number): ApiError {
  return failure(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limitBytes}`);
}

export function expired(message: string): ApiError {
  return failure(410, "Expired", message);
}

export function tooLargeVersion(asked: string, current: number): ApiError {
  const cause = { reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" };
  const message = `Too large resource version: ${asked}, current: ${current}`;
  return failure(504, "Timeout", message, { causes: [cause], retryAfterSeconds: 1 });
}

export function internalError(problem: string): ApiError {
  const causes = [{ reason: "", message: problem, field: "" }];
  return failure(500, "InternalError", `Internal error occurred: ${problem}`, { causes });
}

/** `<Kind> "<name>" is invalid: …` with every cause; several are put in brackets, as the API server does. */
export function invalid(kind: KindName, name: string, causes: StatusCause[]): ApiError {
  const kindText = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const problems = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const text = problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`;
  const group = kind.group === "" ? {} : { group: kind.group };
  return failure(422, "Invalid", `${kindText} "${name}" is invalid: ${text}`, {
    name,
    ...group,
    kind: kind.kind,
    causes,
  });
}
