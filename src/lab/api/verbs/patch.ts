import type { LabObject } from "../../objects.ts";
import { copyOf } from "../../store/freeze.ts";
import { contentTypeOf, patchTypes } from "../body.ts";
import type { ApiContext, Reply, ResourceRequest } from "../context.ts";
import { decode } from "../decode.ts";
import { invalidValue } from "../field-errors.ts";
import { isJson } from "../json.ts";
import { jsonPatch, mergePatch } from "../patch-json.ts";
import { strategicPatch } from "../patch-strategic.ts";
import { presentObject } from "../present.ts";
import { isCustom } from "../resources.ts";
import { badRequest, invalid, unsupportedMediaType } from "../status.ts";
import { keyFor } from "../store-errors.ts";
import { createFrom } from "./create.ts";
import { existing } from "./read.ts";
import { storeChange } from "./update.ts";

/**
 * PATCH of an object or its status. Server-side apply is taken as a merge without field ownership: it creates what
 * is missing and changes what it names, but never removes what an earlier apply named.
 */
export async function patchObject(context: ApiContext, request: ResourceRequest, name: string): Promise<Reply> {
  const patch = await request.body();
  const type = contentTypeOf(request.headers);
  const allowed = isCustom(request.resource)
    ? [patchTypes.json, patchTypes.merge, patchTypes.apply]
    : Object.values(patchTypes);
  if (!allowed.some((candidate) => candidate === type)) throw unsupportedMediaType(allowed);
  if (type === patchTypes.apply && context.store.get(keyFor(request, name)) === undefined) {
    return createFrom(context, request, patch);
  }
  const before = existing(context, request, name);
  const patched = apply(type, copyOf(before), patch);
  const { object, warnings, strictProblem } = await decode(context, request, patched);
  if (strictProblem !== null) {
    const cause = { ...invalidValue("patch", patched, strictProblem) };
    throw invalid({ group: "", kind: "" }, "", [cause]);
  }
  if (object.metadata.name !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
  // Decoding may have waited for a schema: patch what is there now, and let the version in the patch decide.
  const current = existing(context, request, name);
  if (current.metadata.resourceVersion !== before.metadata.resourceVersion) return patchObject(context, request, name);
  return { ...presentObject(context, request, storeChange(context, request, current, object), 200), warnings };
}

function apply(type: string, target: LabObject, patch: unknown): unknown {
  if (type === patchTypes.json) return jsonPatch(target, patch);
  if (!isJson(patch)) throw badRequest("the patch is not an object");
  return type === patchTypes.strategic ? strategicPatch(target, patch) : mergePatch(target, patch);
}
