import { usualVerbosity, verbosities, type ChannelSetting, type Verbosity } from "../../run/channels/verbosity.ts";
import { content, note, section, type MessageContent } from "../limits.ts";
import { buttonRow } from "./button.ts";
import { readerTime } from "./reader-time.ts";
import { person } from "./words.ts";

const meanings: Readonly<Record<Verbosity, string>> = {
  quiet: "the card, and in its thread the request, what you must act on, notes, and the end",
  normal: "the same, and each step of a run, what the system says, and how the probes fare",
  full: "every event, also of scheduled runs",
};

/** What is set for a channel, what else could be, and who set it. */
export function channelMessage(setting: ChannelSetting | null, command: string): MessageContent {
  const now = setting?.verbosity ?? usualVerbosity;
  const by =
    setting === null ? "as nobody has set anything" : `as ${person(setting.by)} set it ${readerTime(setting.at)}`;
  const text = `Runs in this channel are told ${now}: ${meanings[now]}`;
  return content(text, [
    section(`Runs in this channel are told *${now}*, ${by}.`),
    section(verbosities.map((each) => `• *${each}*: ${meanings[each]}`).join("\n")),
    ...buttonRow(
      "verbosity",
      verbosities
        .filter((each) => each !== now)
        .map((each) => ({ action: "channel-verbosity", text: `Set to ${each}`, value: each })),
    ),
    note(
      `It applies from now on; older messages stay up to date. Alarms, halts, approvals and failed guards are always told. \`${command} channel verbosity=${now}\``,
    ),
  ]);
}
