import type { Actor } from "../service.ts";
import type { ChannelSetting } from "./verbosity.ts";

/** What is set for a channel. Methods reject with AftershockError for anything a person could mend. */
export interface ChannelService {
  /** Null: nobody has set anything. */
  setting(channelId: string): Promise<ChannelSetting | null>;
  /** For the channel that the person is in; `verbosity` as typed. */
  setVerbosity(actor: Actor, verbosity: string): Promise<ChannelSetting>;
}
