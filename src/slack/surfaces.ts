import { AftershockError } from "../errors.ts";
import type { ModalView } from "./modal.ts";

/** A form that is open, as it was drawn last by whoever holds this. */
export interface OpenForm {
  /** Draws it anew. Null, and nothing is done, when it was closed or has changed since: who changed it draws it then. */
  redraw(view: ModalView): Promise<OpenForm | null>;
}

/** Forms for the person who just typed or clicked. */
export interface Surfaces {
  /**
   * Opens a form. Slack's permission for it holds for 3 s after the command or click, once (docs.slack.dev, Modals).
   * Throws AftershockError `unavailable` when Slack does not open it.
   */
  openModal(view: ModalView): Promise<OpenForm>;
  /**
   * Draws the form anew in which something was just changed; does nothing when it was closed or has changed again since
   * (whoever changed it draws it then): null. `over` "anything": also when it was drawn again since, for a form that draws
   * what takes longer by itself: what a person just changed counts more. Throws AftershockError `bad_command` when the
   * click was in no form.
   */
  updateModal(view: ModalView, over?: "what was seen" | "anything"): Promise<OpenForm | null>;
}

/** Where Slack lets nobody open a form: after a mention, and on the first drawing of the App Home. */
export const noSurfaces: Surfaces = {
  openModal: async () => {
    throw new AftershockError("not_supported_here", "A form cannot be opened from here.", "Type it: /chaos help");
  },
  updateModal: async () => {
    throw new AftershockError("not_supported_here", "There is no form here.", "Type it: /chaos help");
  },
};
