import type { ObjectKey } from "../objects.ts";
import { StoreError } from "../objects.ts";
import type { ResourceRequest } from "./context.ts";
import { alreadyExists, badRequest, conflict, expired, forbidden, modifiedMessage, notFound } from "./status.ts";
import type { ApiError } from "./status.ts";

/** The store's refusals in the API's words; other errors pass through. */
export function translated(error: unknown, request: ResourceRequest, name: string): unknown {
  if (!(error instanceof StoreError)) return error;
  const { resource } = request;
  const errors: Record<StoreError["reason"], () => ApiError> = {
    AlreadyExists: () => alreadyExists(resource, name),
    NotFound: () => notFound(resource, name),
    Conflict: () => conflict(resource, name, modifiedMessage),
    Expired: () => expired(error.message),
    Invalid: () => badRequest(error.message),
    Forbidden: () => forbidden(resource, name, error.message),
  };
  return errors[error.reason]();
}

/** Runs a change of the store and translates its refusals. */
export function storing<T>(request: ResourceRequest, name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translated(error, request, name);
  }
}

export function keyFor(request: ResourceRequest, name: string): ObjectKey {
  const { kind } = request.resource;
  return request.namespace === undefined ? { kind, name } : { kind, namespace: request.namespace, name };
}
