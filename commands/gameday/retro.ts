import { AftershockError } from "../../src/errors.ts";
import { renderRetrospective } from "../../src/slack/views/gameday/retrospective.ts";
import type { Word } from "./word.ts";

const retro: Word = {
  name: "retro",
  usage: "[GAMEDAY]",
  run: async ({ words: [id] }, { gameDays, actor, command }) => {
    const found = await gameDays.retrospective(actor.channelId, id);
    if (found !== null) return renderRetrospective(found, command);
    throw new AftershockError(
      "not_pending",
      id === undefined
        ? "No game day of this channel has a retrospective yet."
        : `${id} has no retrospective: it is made when a game day that began has ended.`,
      `See what is on now: ${command} gameday`,
    );
  },
};

export const words: readonly Word[] = [retro];
