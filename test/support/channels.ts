import type { ChannelService } from "../../src/run/channels/service.ts";

/** A double: nothing is set in any channel, and nothing can be. */
export const noChannels: ChannelService = {
  setting: async () => null,
  setVerbosity: async () => {
    throw new Error("not scripted");
  },
};
