import { finalizerViolations, metadataViolations } from "../admission/metadata.ts";
import type { LabObject } from "../../objects.ts";
import type { ApiContext, ResourceRequest } from "../context.ts";
import { refuseViolations } from "../decode.ts";
import { deniedByWebhook, forbidden, invalid, notFound } from "../status.ts";

const namespaces = { group: "", plural: "namespaces" };

/** Nothing is created in a namespace that is missing (404) or on its way out (403). */
export function refuseMissingNamespace(context: ApiContext, request: ResourceRequest, name: string): void {
  if (request.namespace === undefined) return;
  const namespace = context.store.get({ kind: "Namespace", name: request.namespace });
  if (namespace === undefined) throw notFound(namespaces, request.namespace);
  if (namespace.metadata.deletionTimestamp !== undefined) {
    const problem = `unable to create new content in namespace ${request.namespace} because it is being terminated`;
    throw forbidden(request.resource, name, problem);
  }
}

/** Throws ApiError 422 or 403 for a new object that its schema, its kind's checks or its webhook refuse. */
export function refuseBadCreate(request: ResourceRequest, object: LabObject): void {
  const { resource } = request;
  const { admission } = resource;
  refuseViolations(resource, object);
  const causes = [...metadataViolations(object, resource.names), ...(admission.validateCreate?.(object) ?? [])];
  if (causes.length > 0) throw invalid(resource, object.metadata.name, causes);
  refuseByWebhook(request, undefined, object);
}

/** The same for a change. */
export function refuseBadUpdate(request: ResourceRequest, before: LabObject, after: LabObject): void {
  const { resource } = request;
  const { admission } = resource;
  refuseViolations(resource, after);
  const causes = [
    ...metadataViolations(after, resource.names),
    ...finalizerViolations(before, after),
    ...(admission.validateUpdate?.(before, after) ?? []),
  ];
  if (causes.length > 0) throw invalid(resource, after.metadata.name, causes);
  refuseByWebhook(request, before, after);
}

function refuseByWebhook(request: ResourceRequest, before: LabObject | undefined, after: LabObject): void {
  const { webhook } = request.resource.admission;
  if (webhook === undefined) return;
  const problem = webhook.deny(before, after);
  if (problem !== null) throw deniedByWebhook(webhook.name, problem);
}
