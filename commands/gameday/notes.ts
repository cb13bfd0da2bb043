import { AftershockError } from "../../src/errors.ts";
import type { PersonsAct } from "../../src/gameday/service.ts";
import type { OpenModal } from "../../src/slack/modal.ts";
import { formOfNote } from "../../src/slack/views/gameday/forms.ts";
import type {
  ButtonHandler,
  MessageHandler,
  ModalHandler,
  PointedMessage,
  Reply,
  VerbContext,
} from "../../src/slack/verb.ts";
import { itemOf } from "./agenda.ts";
import { done, said } from "./say.ts";
import type { Word } from "./word.ts";

const note: Word = {
  name: "note",
  usage: "[text]",
  run: async ({ tokens }, { gameDays, actor, surfaces }) => {
    const text = tokens.join(" ").trim();
    if (text === "") {
      const { id } = await gameDays.find(actor.channelId);
      await surfaces.openModal(formOfNote(id));
      return said("A form is open for the note.", "Or in one line: `/chaos gameday note TEXT`");
    }
    return done(await gameDays.act(actor, noteOf(text)), "Noted; it is on the board.");
  },
};

/** A note that somebody typed. Throws AftershockError `bad_command` for one that is too long. */
function noteOf(text: string): PersonsAct {
  if (text.length > longestNote) {
    throw new AftershockError("bad_command", `A note has at most ${longestNote} characters.`, "Make two of it.");
  }
  return { kind: "note", text, source: "typed", link: null, author: null, key: null };
}

const longestNote = 3000;

export const words: readonly Word[] = [note];

export const buttons: Readonly<Record<string, ButtonHandler>> = {
  "gameday-note": async (id, { surfaces }) => surfaces.openModal(formOfNote(id)),
};

const given = ({ values }: OpenModal, name: string): string => {
  const value = values[name];
  return typeof value === "string" ? value.trim() : "";
};

export const modals: Readonly<Record<string, ModalHandler>> = {
  "gameday-note": async (submitted, { gameDays, actor }) => {
    await gameDays.act(actor, noteOf(given(submitted, "text")), submitted.state);
    return { kind: "close" };
  },
  "gameday-not-ready": async (submitted, { gameDays, actor }) => {
    const reason = given(submitted, "reason");
    await gameDays.act(actor, { kind: "ready", answer: "not-ready", reason }, submitted.state);
    return { kind: "close" };
  },
  "gameday-no-go": async (submitted, { gameDays, actor }) => {
    const { id, item } = itemOf(submitted.state);
    await gameDays.act(actor, { kind: "vote", item, vote: "no-go", reason: given(submitted, "reason") }, id);
    return { kind: "close" };
  },
  "gameday-skip": async (submitted, { gameDays, actor }) => {
    const { id, item } = itemOf(submitted.state);
    await gameDays.act(actor, { kind: "skip", item, reason: given(submitted, "reason") }, id);
    return { kind: "close" };
  },
};

/** Notes a message that somebody points at; a reaction where there is no game day is only a reaction. */
async function noteMessage(pointed: PointedMessage, { gameDays, actor }: VerbContext): Promise<Reply | void> {
  const { by, channelId, ts } = pointed;
  const open = await gameDays.open(channelId);
  if (by === "reaction" && open === null) return undefined;
  const { id } = open ?? (await gameDays.find(channelId));
  const message = open === null ? null : await pointed.read();
  if (open !== null && message === null) {
    throw new AftershockError(
      "unavailable",
      "The message could not be read, so it was not noted.",
      "Write it down: /chaos gameday note TEXT. The bot may lack the scope channels:history.",
    );
  }
  const text = message?.text.trim() ?? "";
  const noted = await gameDays.act(
    actor,
    {
      kind: "note",
      text: text === "" ? "(a message without text)" : text.slice(0, longestNote),
      source: by,
      link: message?.link?.slice(0, 500) ?? null,
      author: message?.authorId ?? null,
      key: `${channelId}:${ts}`,
    },
    id,
  );
  if (by === "reaction") return undefined;
  return noted.events.length === 0 ? said("This message is noted already.") : said("Noted; it is on the board.");
}

export const messages: Readonly<Record<string, MessageHandler>> = { "note-message": noteMessage };
