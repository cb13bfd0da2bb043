import type { RoleName } from "../../../gameday/events.ts";
import { content, escapeText, note, section, type MessageContent } from "../../limits.ts";
import { roleWords } from "./words.ts";

/** What somebody with a role does, told to them once. */
export function renderInstructions(
  day: { id: string; title: string; channelId: string },
  role: RoleName,
  command: string,
): MessageContent {
  const lines = steps[role].map((step) => `• ${step.replaceAll("/chaos", command)}`);
  const head = `You are *${role}* in the game day *${escapeText(day.title)}* in ${channelText(day.channelId)}: ${roleWords[role].duty}.`;
  return content(`You are ${role} in the game day ${escapeText(day.title)}.`, [
    section([head, ...lines].join("\n")),
    note(
      "Type these in the channel, or use the buttons on the board there. Anybody may stop everything: `/chaos halt`".replaceAll(
        "/chaos",
        command,
      ),
    ),
  ]);
}

function channelText(channelId: string): string {
  return /^[CDG][A-Z0-9]+$/.test(channelId) ? `<#${channelId}>` : "its channel";
}

const steps: Readonly<Record<RoleName, readonly string[]>> = {
  commander: [
    "Begin: `/chaos gameday start`. Ask again who is ready: `/chaos gameday ready ask`.",
    "Put the next experiment to the vote: `/chaos gameday next`. Leave one out: `/chaos gameday skip WHY`.",
    "The run is asked for in your name, so that somebody else must approve it.",
    "Hold it: `/chaos gameday pause`, go on: `/chaos gameday resume`, finish: `/chaos gameday end`.",
    "To hand it over: `/chaos gameday role commander @somebody`.",
  ],
  operator: [
    "Before it begins: are the dashboards open, is the way back known? Then `/chaos gameday ready`, or `/chaos gameday ready no WHY`.",
    "Vote when asked: `/chaos gameday vote go`, or `/chaos gameday vote no-go WHY`.",
    "As soon as you see an effect of a fault, say so: `/chaos gameday see`. How fast it was seen is part of what is learned.",
    "If customers are hurt: `/chaos abort`, or `/chaos halt` for everything.",
  ],
  scribe: [
    "Write down what people see, do and wonder about: `/chaos gameday note TEXT`.",
    "Any message in the channel becomes a note with the reaction :memo:, or with “Note it” in the message's menu.",
    "Vote when asked: `/chaos gameday vote go`, or `/chaos gameday vote no-go WHY`.",
  ],
  observer: [
    "Before each experiment say what you expect, with the buttons on the board: it is scored afterwards.",
    "If you see an effect of a fault, say so: `/chaos gameday see`. Write down what you notice: `/chaos gameday note TEXT`.",
    "To do more: `/chaos gameday role operator`.",
  ],
};
