import type { LocalSlack } from "../../src/embedded/local-slack.ts";
import type { ShownView, Submitted } from "./slack-gate/interactions.ts";
import type { SlackGate } from "./slack-gate/gate.ts";
import { waitFor } from "./stack.ts";

/** A person before the screen: opens, reads, fills in and submits modals, and uses App Home. */
export interface Person {
  id: string;
  /** Types `/chaos TEXT`. */
  type(text: string): Promise<void>;
  /** The modal on top, once there is one that fits; rejects with what was there instead. */
  untilModal(fits?: (view: ShownView) => boolean, withinMs?: number): Promise<ShownView>;
  modal(): ShownView | null;
  /** Opens App Home, and waits until the bot has drawn it. */
  openHome(): Promise<ShownView>;
  /** App Home once it fits. */
  untilHome(fits: (view: ShownView) => boolean): Promise<ShownView>;
  /** Enters a text, or an option by its value or words, into what has this `block_id`, `action_id` or label. */
  enter(what: string, wanted: string | readonly string[] | null): Promise<void>;
  click(what: string): Promise<void>;
  submit(): Promise<Submitted>;
  close(): Promise<void>;
}

/**
 * A person at the gate. What is done in a modal is told to the bot by the gate and not by local-slack, whose one modal belongs
 * to everybody: two people may have one open each.
 */
export function personAt({ gate, slack }: { gate: SlackGate; slack: LocalSlack }, id: string): Person {
  const { screens } = gate;
  const modal = (): ShownView | null => screens.modals(id).at(-1) ?? null;
  const until = async (
    look: () => ShownView | null,
    fits: (view: ShownView) => boolean = () => true,
    withinMs = 15_000,
  ): Promise<ShownView> => {
    const found = await waitFor(
      async () => look(),
      (view) => view !== null && fits(view),
      withinMs,
    ).catch(() => null);
    if (found !== null) return found;
    const last = look();
    throw new Error(
      `not within ${withinMs / 1000} s; ${id} sees ${last === null ? "nothing" : `${last.title}: ${wordsOf(last)}`}`,
    );
  };
  return {
    id,
    type: (text) => slack.command(id, "/chaos", text),
    untilModal: (fits, withinMs) => until(modal, fits, withinMs),
    modal,
    openHome: async () => {
      const before = screens.home(id)?.hash;
      const answer = await fetch(`${slack.url}/_control/open-home`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ user: id }),
      });
      if (!answer.ok) throw new Error(`local-slack refused open-home: ${await answer.text()}`);
      return until(
        () => screens.home(id),
        ({ hash }) => hash !== before,
      );
    },
    untilHome: (fits) => until(() => screens.home(id), fits),
    enter: (what, wanted) => screens.enter(id, what, wanted),
    click: (what) => screens.click(id, what),
    submit: () => screens.submit(id),
    close: () => screens.close(id),
  };
}

/** All that a person reads in a view, a line for each text: labels, hints, words, errors; what was entered in brackets. */
export function wordsOf(view: ShownView): string {
  const values = Object.values(view.values).flatMap((actions) => Object.values(actions));
  return [
    ...textsIn(view.blocks),
    ...values.flatMap((value) => enteredWords(value)).map((each) => `[${each}]`),
    ...Object.entries(view.errors).map(([block, text]) => `! ${block}: ${text}`),
  ].join("\n");
}

function textsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "text" && typeof inner === "string" ? [inner] : textsIn(inner),
  );
}

function enteredWords({ type: _type, ...value }: Readonly<Record<string, unknown>>): string[] {
  return Object.values(value).flatMap((inner) => (typeof inner === "string" ? [inner] : textsIn(inner)));
}
