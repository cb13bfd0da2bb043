import type { Authoriser } from "../../approvals/authoriser.ts";
import { AftershockError } from "../../errors.ts";
import { nearest } from "../../experiment/nearest.ts";
import { channelSetting, insertChannelSetting } from "../../store/channels.ts";
import { inTransaction, type Database } from "../../store/database.ts";
import { enforce } from "../decide.ts";
import type { ChannelService } from "./service.ts";
import { verbosities } from "./verbosity.ts";

/** The ChannelService on PostgreSQL: every change is a row, and the newest holds. */
export function createChannelService(options: { database: Database; authoriser: Authoriser }): ChannelService {
  const { database, authoriser } = options;
  return {
    setting: (channelId) => channelSetting(database, channelId),
    setVerbosity: async (actor, typed) => {
      const verbosity = verbosities.find((known) => known === typed.toLowerCase());
      if (verbosity === undefined) {
        const close = nearest(typed.toLowerCase(), verbosities);
        throw new AftershockError(
          "bad_parameter",
          `The verbosity of a channel is ${verbosities.slice(0, -1).join(", ")} or ${verbosities.at(-1) ?? ""}, not "${typed}".`,
          `Type: /chaos channel verbosity=${close ?? "normal"}`,
        );
      }
      if (actor.channelId === "") {
        throw new AftershockError("bad_command", "That is set in a channel.", "Type it in the channel that you mean.");
      }
      enforce(await authoriser.decide({ act: "configure", actor }));
      return inTransaction(database, (client) =>
        insertChannelSetting(client, { channelId: actor.channelId, verbosity, by: actor.userId }),
      );
    },
  };
}
