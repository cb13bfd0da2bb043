import { isDeepStrictEqual } from "node:util";
import { keepServerMetadata } from "../../store/metadata.ts";
import { copyOf } from "../../store/freeze.ts";
import type { LabObject } from "../../objects.ts";
import { isDryRun } from "../context.ts";
import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { cannotBeHandled, decode } from "../decode.ts";
import { invalidValue } from "../field-errors.ts";
import { isJson } from "../json.ts";
import { presentObject } from "../present.ts";
import { isCustom } from "../resources.ts";
import { badRequest, conflict, invalid, modifiedMessage } from "../status.ts";
import { keyFor, storing } from "../store-errors.ts";
import { existing } from "./read.ts";
import { refuseBadUpdate } from "./write-checks.ts";

/** PUT of a whole object, or of its status. */
export async function replaceObject(context: ApiContext, request: ResourceRequest, name: string): Promise<Reply> {
  const { resource } = request;
  const { object, warnings, strictProblem } = await decode(context, request, await request.body());
  if (strictProblem !== null) throw badRequest(cannotBeHandled(resource, strictProblem));
  const sent = object.metadata;
  if (sent.name !== name) {
    throw badRequest(`the name of the object (${sent.name ?? ""}) does not match the name on the URL (${name})`);
  }
  if (sent.namespace !== undefined && sent.namespace !== request.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const before = existing(context, request, name);
  if (isCustom(resource) && !sent.resourceVersion) {
    throw invalid(resource, name, [
      {
        ...invalidValue("metadata.resourceVersion", 0, "must be specified for an update"),
        message: "Invalid value: 0x0: must be specified for an update",
      },
    ]);
  }
  const stored = storeChange(context, request, before, object);
  return { ...presentObject(context, request, stored, 200), warnings };
}

/**
 * Checks and stores a new state of an object. What the endpoint may not touch is put back: the status through the
 * main endpoint of a kind with a status endpoint, and everything else through the status endpoint.
 */
export function storeChange(
  context: ApiContext,
  request: ResourceRequest,
  before: LabObject,
  wanted: LabObject,
): LabObject {
  const { resource } = request;
  const name = before.metadata.name;
  const { uid, resourceVersion } = wanted.metadata;
  if (uid && uid !== before.metadata.uid) {
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
    );
  }
  if (resourceVersion && resourceVersion !== before.metadata.resourceVersion) {
    throw conflict(resource, name, modifiedMessage);
  }
  const { managedFields: _fields, ...metadata } = wanted.metadata;
  const merged = withinEndpoint(request, before, { ...wanted, metadata });
  // Controllers may store objects without the API's defaults: those are no change that a client has made.
  const changed = !isDeepStrictEqual(before.spec, merged.spec);
  if (changed) resource.admission.setDefaults?.(merged);
  const after = keepServerMetadata(before, merged);
  const comparable = copyOf(before);
  if (changed) resource.admission.setDefaults?.(comparable);
  refuseBadUpdate(request, comparable, after);
  if (isDryRun(request.query)) return after;
  return storing(request, name, () =>
    context.store.update(keyFor(request, name), () => after, { resourceVersion: before.metadata.resourceVersion }),
  );
}

function withinEndpoint(request: ResourceRequest, before: LabObject, wanted: LabObject): LabObject {
  if (request.subresource === "status") return withStatus(copyOf(before), wanted.status);
  if (!request.resource.subresources.includes("status")) return wanted;
  return withStatus(wanted, copyOf(before.status ?? null) ?? undefined);
}

function withStatus(object: LabObject, status: unknown): LabObject {
  const { status: _status, ...rest } = object;
  return (isJson(status) ? { ...rest, status } : rest) as LabObject;
}
