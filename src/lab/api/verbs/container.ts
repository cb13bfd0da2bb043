import type { LabObject } from "../../objects.ts";
import { children, text } from "../json.ts";
import { badRequest } from "../status.ts";

/** The container that a request means: the named one, or the only one. Throws ApiError 400, worded as the server's. */
export function containerOf(pod: LabObject, asked: string | null): string {
  const { name } = pod.metadata;
  const containers = children(pod.spec, "containers").map((container) => text(container, "name"));
  if (asked !== null && asked !== "") {
    if (containers.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const preferred = pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (preferred !== undefined && containers.includes(preferred)) return preferred;
  if (containers.length === 1) return containers[0]!;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${containers.join(" ")}]`);
}
