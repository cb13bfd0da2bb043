import { AftershockError } from "../../errors.ts";
import type { PatroniPods } from "./members.ts";

/** What to say when there is not exactly one primary; `system_unreachable`. */
export function noOnePrimary(members: PatroniPods, namespace: string): AftershockError {
  return new AftershockError(
    "system_unreachable",
    "There is not exactly one running primary.",
    `Look: kubectl exec ${members.pods[0]?.name ?? "postgresql-0"} -n ${namespace} -- patronictl list`,
  );
}
