import { randomInt } from "node:crypto";
import type { LabObject, NewObject } from "../../objects.ts";
import { timestamp } from "../../store/metadata.ts";
import { isDryRun } from "../context.ts";
import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { cannotBeHandled, decode } from "../decode.ts";
import { presentObject } from "../present.ts";
import { alreadyExists, badRequest } from "../status.ts";
import { keyFor, storing } from "../store-errors.ts";
import { refuseBadCreate, refuseMissingNamespace } from "./write-checks.ts";

export async function createObject(context: ApiContext, request: ResourceRequest): Promise<Reply> {
  return createFrom(context, request, await request.body());
}

/** Creates what a client sent; also the first half of a server-side apply. */
export async function createFrom(context: ApiContext, request: ResourceRequest, sent: unknown): Promise<Reply> {
  const { resource } = request;
  const { object, warnings, strictProblem } = await decode(context, request, sent);
  if (strictProblem !== null) throw badRequest(cannotBeHandled(resource, strictProblem));
  object.metadata = newMetadata(request, object);
  const { name } = object.metadata;
  refuseMissingNamespace(context, request, name);
  // A status of its own endpoint cannot be set here.
  if (resource.subresources.includes("status")) delete object.status;
  resource.admission.setDefaults?.(object);
  refuseBadCreate(request, object);

  const stored = isDryRun(request.query)
    ? dryRunResult(context, request, object)
    : storing(request, name, () => context.store.create(object as NewObject));
  return { ...presentObject(context, request, stored, 201), warnings };
}

function newMetadata(request: ResourceRequest, object: LabObject): LabObject["metadata"] {
  const { metadata } = object;
  const sentNamespace = metadata.namespace;
  if (sentNamespace !== undefined && sentNamespace !== "" && sentNamespace !== request.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  if (metadata["resourceVersion"] !== undefined && metadata.resourceVersion !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  const generateName = typeof metadata["generateName"] === "string" ? metadata["generateName"] : "";
  const { managedFields: _fields, namespace: _namespace, ...kept } = metadata;
  const name = metadata.name || (generateName === "" ? "" : `${generateName}${randomSuffix()}`);
  const place = request.namespace === undefined ? {} : { namespace: request.namespace };
  return { ...kept, ...place, name };
}

// Without vowels, so that no words come out: k8s.io/apimachinery/pkg/util/rand.
const letters = "bcdfghjklmnpqrstvwxz2456789";

function randomSuffix(): string {
  return Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
}

function dryRunResult(context: ApiContext, request: ResourceRequest, object: LabObject): LabObject {
  const { name } = object.metadata;
  if (context.store.get(keyFor(request, name)) !== undefined) throw alreadyExists(request.resource, name);
  const { resourceVersion: _version, ...metadata } = object.metadata;
  const uid = crypto.randomUUID();
  const creationTimestamp = timestamp(context.now());
  // The real server answers a dry run without a resourceVersion too.
  return { ...object, metadata: { ...metadata, uid, creationTimestamp } as LabObject["metadata"] };
}
