import type { KnownBlock } from "@slack/types";
import type { OpenAlarm } from "../../run/alarms/service.ts";
import type { Standing } from "../../run/halt/service.ts";
import { alarmBlocks, alarmsSentence } from "./alarm-list.ts";
import { haltBlocks, haltSentence } from "./halt.ts";

/** What stands over everything just now, said before any other answer: a halt, and cleanups that were not proven. */
export function standingSentences(halt: Standing | null, alarms: readonly OpenAlarm[]): string[] {
  return [
    ...(halt === null ? [] : [haltSentence(halt.halt)]),
    ...(alarms.length === 0 ? [] : [alarmsSentence(alarms)]),
  ];
}

export function standingBlocks(halt: Standing | null, alarms: readonly OpenAlarm[], command: string): KnownBlock[] {
  return [...(halt === null ? [] : haltBlocks(halt, command)), ...alarmBlocks(alarms, command)];
}
