import { notAcceptable } from "./status.ts";

/** The form in which a client wants objects. */
export type Form = "object" | "table" | "metadata";

const served = ["application/json", "application/yaml"];

/** The first form of an Accept header that we can give. Throws ApiError 406 when there is none. */
export function formOf(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === "") return "object";
  for (const { type, parameters } of mediaTypes(accept)) {
    if (type === "application/yaml") return "object";
    const fits = type === "application/json" || type === "*/*" || type === "application/*";
    if (!fits) continue;
    const as = parameters["as"];
    const ours = parameters["g"] === "meta.k8s.io" && parameters["v"] === "v1";
    if (as === undefined) return "object";
    if (ours && as === "Table") return "table";
    if (ours && (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList")) return "metadata";
  }
  throw notAcceptable(served);
}

export function mediaTypes(accept: string): Array<{ type: string; parameters: Record<string, string> }> {
  return accept.split(",").map((part) => {
    const [type = "", ...rest] = part.split(";").map((piece) => piece.trim());
    const pairs = rest.map((piece) => piece.split("=").map((side) => side.trim()));
    return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) as Record<string, string> };
  });
}
