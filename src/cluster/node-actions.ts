import { PatchStrategy, setHeaderOptions, type CoreV1Api } from "@kubernetes/client-node";
import { apiProblem } from "./api-errors.ts";
import type { NodeChange, PodRef } from "./port.ts";

type Doing = <T>(what: string, call: Promise<T>) => Promise<T>;
/** Merge patch with the resourceVersion that was read: a node that changed since is refused by the API server (409). */
export async function setSchedulable(
  api: CoreV1Api,
  name: string,
  change: NodeChange,
  doing: Doing,
): Promise<"changed" | "conflict"> {
  const body = {
    metadata: { resourceVersion: change.resourceVersion, annotations: change.annotations },
    // As kubectl uncordon does it: the field is taken away, not set to false.
    spec: { unschedulable: change.schedulable ? null : true },
  };
  const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  try {
    await api.patchNode({ name, body, fieldManager: "aftershock" }, options);
    return "changed";
  } catch (error) {
    if (apiProblem(error).status === 409) return "conflict";
    return doing(`${change.schedulable ? "uncordoning" : "cordoning"} node ${name}`, Promise.reject(error));
  }
}

/** Deletes with the uid as precondition (409 when another pod has the name now). */
export async function deletePod(
  api: CoreV1Api,
  { namespace, name, uid, gracePeriodSeconds }: PodRef,
  doing: Doing,
): Promise<"deleted" | "gone" | "replaced"> {
  try {
    await api.deleteNamespacedPod({ namespace, name, body: { gracePeriodSeconds, preconditions: { uid } } });
    return "deleted";
  } catch (error) {
    const { status } = apiProblem(error);
    if (status === 404) return "gone";
    if (status === 409) return "replaced";
    return doing(`deleting pod ${namespace}/${name}`, Promise.reject(error));
  }
}
