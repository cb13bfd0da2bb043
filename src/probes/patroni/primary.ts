import { AftershockError } from "../../errors.ts";
import type { PatroniPods } from "./members.ts";

/** What to say when there is not exactly one primary; `system_unreachable`. */
export function noOnePrimary({ manager }: Pick<PatroniPods, "manager">): AftershockError {
  return new AftershockError(
    "system_unreachable",
    "There is not exactly one running primary.",
    `Look: ${manager.look}`,
  );
}
