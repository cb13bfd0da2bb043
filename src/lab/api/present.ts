import type { LabObject } from "../objects.ts";
import { formOf } from "./accept.ts";
import type { ApiContext, Reply, ResourceRequest } from "./context.ts";
import { apiVersionOf } from "./resources.ts";
import { includedOf, metadataOf, tableOf } from "./table.ts";

/** One object in the form that the client asked for. */
export function presentObject(context: ApiContext, request: ResourceRequest, object: LabObject, code: number): Reply {
  const { resource, query } = request;
  switch (formOf(request.headers.accept)) {
    case "table": {
      const include = includedOf(query.get("includeObject"));
      const { resourceVersion } = object.metadata;
      const options = { include, nowMs: context.now(), headers: "given" } as const;
      return { code, body: tableOf(resource, [object], { resourceVersion }, options) };
    }
    case "metadata":
      return { code, body: metadataOf(object) };
    default:
      return { code, body: object };
  }
}

/** A list in the form that the client asked for. `resourceVersion`: of the list as a whole. */
export function presentList(
  context: ApiContext,
  request: ResourceRequest,
  objects: readonly LabObject[],
  resourceVersion: string,
): Reply {
  const { resource, query } = request;
  const metadata = { resourceVersion };
  switch (formOf(request.headers.accept)) {
    case "table": {
      const options = {
        include: includedOf(query.get("includeObject")),
        nowMs: context.now(),
        headers: "given",
      } as const;
      return { code: 200, body: tableOf(resource, objects, metadata, options) };
    }
    case "metadata": {
      const items = objects.map(metadataOf);
      const type = { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1" };
      return { code: 200, body: { ...type, metadata, items } };
    }
    default: {
      const type = { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource) };
      return { code: 200, body: { ...type, metadata, items: objects } };
    }
  }
}
