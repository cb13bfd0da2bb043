import { CoreV1Api, PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import { apiProblem } from "./api-errors.ts";
import type { Calls } from "./calls.ts";
import type { NodeChange, PodRef } from "./port.ts";

/**
 * Merge patch with the resourceVersion that was read: a node that changed since is refused by the API server (409). Also
 * when it was our own patch, whose answer was lost: the caller reads the node again in any case.
 */
export function setSchedulable(
  calls: Calls,
  name: string,
  change: NodeChange,
  signal?: AbortSignal,
): Promise<"changed" | "conflict"> {
  const body = {
    metadata: { resourceVersion: change.resourceVersion, annotations: change.annotations },
    // As kubectl uncordon does it: the field is taken away, not set to false.
    spec: { unschedulable: change.schedulable ? null : true },
  };
  const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
  return calls.ask(
    CoreV1Api,
    `${change.schedulable ? "uncordoning" : "cordoning"} node ${name}`,
    async (api) => {
      try {
        await api.patchNode({ name, body, fieldManager: "aftershock" }, options);
        return "changed";
      } catch (error) {
        if (apiProblem(error).status === 409) return "conflict";
        throw error;
      }
    },
    signal === undefined ? {} : { signal },
  );
}

/**
 * Deletes with the uid as precondition (409 when another pod has the name now). A pod that is gone or another after a try
 * whose answer was lost counts as deleted: it was there before, and that uid is what was asked for.
 */
export function deletePod(
  calls: Calls,
  { namespace, name, uid, gracePeriodSeconds }: PodRef,
  signal?: AbortSignal,
): Promise<"deleted" | "gone" | "replaced"> {
  const body = { gracePeriodSeconds, preconditions: { uid } };
  return calls.ask(
    CoreV1Api,
    `deleting pod ${namespace}/${name}`,
    async (api, { unsure }) => {
      try {
        await api.deleteNamespacedPod({ namespace, name, body });
        return "deleted";
      } catch (error) {
        const { status } = apiProblem(error);
        if (status !== 404 && status !== 409) throw error;
        // A 409 that is about something else than the uid is only worth another try.
        if (status === 409 && (await uidOf(api, namespace, name)) === uid) throw error;
        if (unsure) return "deleted";
        return status === 404 ? "gone" : "replaced";
      }
    },
    { ...(signal === undefined ? {} : { signal }), alsoAgain: [409] },
  );
}

async function uidOf(api: CoreV1Api, namespace: string, name: string): Promise<string | null> {
  try {
    return (await api.readNamespacedPod({ namespace, name })).metadata?.uid ?? null;
  } catch (error) {
    if (apiProblem(error).status === 404) return null;
    throw error;
  }
}
