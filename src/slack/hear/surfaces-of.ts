import { AftershockError } from "../../errors.ts";
import { slackModal, type ModalOrigin, type ModalView } from "../modal.ts";
import type { OpenForm, Surfaces } from "../surfaces.ts";
import type { Hearing } from "./hearing.ts";

/** A form as somebody saw it. */
interface Seen {
  id: string;
  /** Empty where Slack told none: then it is drawn whatever it is now. */
  hash: string;
}

/** Where somebody just typed or clicked: what permits to open a form, and the form in which it was, if any. */
export interface Occasion extends ModalOrigin {
  /** Absent where Slack gave none. */
  triggerId: string | undefined;
  /** The form that was clicked in, as it was. */
  view?: Seen;
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
  /** Draws it anew over what was seen; null when that is not what is there any more. */
  const draw = async ({ id, hash }: Seen, view: ModalView): Promise<OpenForm | null> => {
    const drawn = await views.update(id, hash === "" ? null : hash, slackModal(view, occasion));
    if (drawn.ok) return formAt({ id, hash: drawn.hash });
    if (!overtaken.has(drawn.error)) log.warn({ form: view.callback, error: drawn.error }, "a form was not drawn anew");
    return null;
  };
  const formAt = (seen: Seen): OpenForm => ({ redraw: (view) => draw(seen, view) });
  return {
    openModal: async (view) => {
      if (occasion.triggerId === undefined) throw notOpened();
      const opened = await views.open(occasion.triggerId, slackModal(view, occasion));
      if (opened.ok) return formAt({ id: opened.viewId, hash: opened.hash });
      log.warn({ form: view.callback, error: opened.error }, "a form was not opened");
      throw notOpened();
    },
    updateModal: async (view, over = "what was seen") => {
      const { view: seen } = occasion;
      if (seen === undefined) {
        throw new AftershockError("bad_command", "This form is not open any more.", `Begin again: ${command} help`);
      }
      return draw(over === "anything" ? { ...seen, hash: "" } : seen, view);
    },
  };
}
