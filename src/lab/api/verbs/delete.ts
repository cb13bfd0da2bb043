import type { LabObject } from "../../objects.ts";
import { defaultGracePeriodSeconds, markedForDeletion } from "../../store/metadata.ts";
import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { isJson, text } from "../json.ts";
import type { Json } from "../json.ts";
import { presentList, presentObject } from "../present.ts";
import { badRequest, conflict, forbidden, success } from "../status.ts";
import { keyFor, storing } from "../store-errors.ts";
import { deleteForeground, deleteNamespace, orphanDependents } from "./cascade.ts";
import { existing, selected } from "./read.ts";

/** What a delete asks for, from its body or its query. */
export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagation: "Background" | "Foreground" | "Orphan";
  uid: string;
  resourceVersion: string;
  dryRun: boolean;
}

/** DELETE of one object: answers with a Status when it is gone, with the object while it is still there. */
export async function deleteObject(context: ApiContext, request: ResourceRequest, name: string): Promise<Reply> {
  const options = deleteOptions(await request.body(), request.query);
  const before = existing(context, request, name);
  refusePreconditions(request, before, options);
  const after = deleteOne(context, request, before, options);
  if (after !== undefined) return presentObject(context, request, after, 200);
  const { resource } = request;
  const group = resource.group === "" ? {} : { group: resource.group };
  return { code: 200, body: success(200, { name, ...group, kind: resource.plural, uid: before.metadata.uid }) };
}

/** DELETE of a collection: answers with what it deleted, as it was. */
export async function deleteCollection(context: ApiContext, request: ResourceRequest): Promise<Reply> {
  const options = deleteOptions(await request.body(), request.query);
  const objects = selected(context, request);
  for (const object of objects) {
    // Garbage collection may have been faster.
    if (context.store.get(keyFor(request, object.metadata.name)) !== undefined) {
      deleteOne(context, request, object, options);
    }
  }
  return presentList(context, request, objects, String(context.store.revision()));
}

/** Deletes, and returns the object if it stays for now (grace period, finalizers). */
export function deleteOne(
  context: ApiContext,
  request: ResourceRequest,
  before: LabObject,
  options: DeleteOptions,
): LabObject | undefined {
  const { store } = context;
  const { name } = before.metadata;
  const key = keyFor(request, name);
  if (before.kind === "Namespace" && ["default", "kube-system"].includes(name)) {
    throw forbidden(request.resource, name, "this namespace may not be deleted");
  }
  const gracePeriodSeconds = graceOf(before, options);
  if (options.dryRun) {
    const stays = gracePeriodSeconds > 0 || (before.metadata.finalizers ?? []).length > 0;
    return stays ? markedForDeletion(before, context.now(), gracePeriodSeconds) : undefined;
  }
  return storing(request, name, () => {
    if (before.kind === "Namespace") return deleteNamespace(store, name);
    if (options.propagation === "Orphan") orphanDependents(store, before);
    if (options.propagation === "Foreground") return deleteForeground(store, key);
    store.delete(key, { graceful: gracePeriodSeconds > 0, gracePeriodSeconds });
    return store.get(key);
  });
}

/** Only pods are given time; for others a grace period means nothing, as on a real server. */
function graceOf(object: LabObject, options: DeleteOptions): number {
  const fallback = defaultGracePeriodSeconds(object);
  return fallback === 0 ? 0 : (options.gracePeriodSeconds ?? fallback);
}

function refusePreconditions(request: ResourceRequest, before: LabObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = before.metadata;
  if (options.uid !== "" && options.uid !== uid) {
    const problem = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(request.resource, name, problem);
  }
  if (options.resourceVersion !== "" && options.resourceVersion !== resourceVersion) {
    const problem = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`;
    throw conflict(request.resource, name, problem);
  }
}

/** From a DeleteOptions body; fields it lacks come from the query. Throws ApiError 400 for values that mean nothing. */
export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const sent: Json = isJson(body) ? body : {};
  const inQuery = query.get("gracePeriodSeconds");
  const grace = sent["gracePeriodSeconds"] ?? (inQuery === null ? undefined : Number(inQuery));
  if (grace !== undefined && (typeof grace !== "number" || !Number.isInteger(grace) || grace < 0)) {
    throw badRequest("gracePeriodSeconds must be a non-negative integer");
  }
  const propagation = sent["propagationPolicy"] ?? query.get("propagationPolicy") ?? "Background";
  if (propagation !== "Background" && propagation !== "Foreground" && propagation !== "Orphan") {
    throw badRequest(
      `invalid propagationPolicy: ${JSON.stringify(propagation)}: supported values: "Background", "Foreground", "Orphan"`,
    );
  }
  const preconditions = sent["preconditions"];
  const dryRuns = Array.isArray(sent["dryRun"]) ? sent["dryRun"] : query.getAll("dryRun");
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    propagation,
    uid: text(preconditions, "uid"),
    resourceVersion: text(preconditions, "resourceVersion"),
    dryRun: dryRuns.includes("All"),
  };
}
