import { AftershockError } from "../../errors.ts";
import { slackModal, type ModalOrigin } from "../modal.ts";
import type { Surfaces } from "../surfaces.ts";
import type { Hearing } from "./hearing.ts";

/** Where somebody just typed or clicked: what permits to open a form, and the form in which it was, if any. */
export interface Occasion extends ModalOrigin {
  /** Absent where Slack gave none. */
  triggerId: string | undefined;
  /** The form that was clicked in, as it was. */
  view?: { id: string; hash: string };
}

/** What Slack says when somebody else has drawn the form since, or the person has closed it. */
const overtaken: ReadonlySet<string> = new Set(["hash_conflict", "not_found", "view_not_found"]);

export function surfacesOf({ views, log, command }: Hearing, occasion: Occasion): Surfaces {
  const notOpened = (): AftershockError =>
    new AftershockError(
      "unavailable",
      "Slack did not open the form in time. Nothing was recorded.",
      `Try again, or type it: ${command} help`,
    );
  return {
    openModal: async (view) => {
      if (occasion.triggerId === undefined) throw notOpened();
      const opened = await views.open(occasion.triggerId, slackModal(view, occasion));
      if (opened.ok) return;
      log.warn({ form: view.callback, error: opened.error }, "a form was not opened");
      throw notOpened();
    },
    updateModal: async (view) => {
      const { view: seen } = occasion;
      if (seen === undefined) {
        throw new AftershockError("bad_command", "This form is not open any more.", `Begin again: ${command} help`);
      }
      const updated = await views.update(seen.id, seen.hash === "" ? null : seen.hash, slackModal(view, occasion));
      if (updated.ok || overtaken.has(updated.error)) return;
      log.warn({ form: view.callback, error: updated.error }, "a form was not drawn anew");
    },
  };
}
