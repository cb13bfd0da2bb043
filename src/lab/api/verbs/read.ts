import type { LabObject } from "../../objects.ts";
import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { presentList, presentObject } from "../present.ts";
import { selectionOf } from "../selection.ts";
import { badRequest, expired, notFound, tooLargeVersion } from "../status.ts";
import { keyFor } from "../store-errors.ts";

/** The named object. Throws ApiError 404. */
export function existing(context: ApiContext, request: ResourceRequest, name: string): LabObject {
  const object = context.store.get(keyFor(request, name));
  if (object === undefined) throw notFound(request.resource, name);
  return object;
}

export function getObject(context: ApiContext, request: ResourceRequest, name: string): Reply {
  return presentObject(context, request, existing(context, request, name), 200);
}

export function selected(context: ApiContext, request: ResourceRequest): LabObject[] {
  const matches = selectionOf(request);
  return context.store.list(request.resource.kind, request.namespace).filter(matches);
}

/** `limit` and `continue` are accepted and every list is complete, which the API allows a server to do. */
export function listObjects(context: ApiContext, request: ResourceRequest): Reply {
  const current = context.store.revision();
  const asked = request.query.get("resourceVersion") ?? "";
  if (!/^\d*$/.test(asked)) throw badRequest(`Invalid value: "${asked}": strconv.ParseUint: invalid syntax`);
  if (Number(asked) > current) throw tooLargeVersion(asked, current);
  if (request.query.get("resourceVersionMatch") === "Exact" && Number(asked) !== current) {
    throw expired(`The resourceVersion for the provided list is too old: ${asked} (${current})`);
  }
  return presentList(context, request, selected(context, request), String(current));
}
