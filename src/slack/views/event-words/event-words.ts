import type { RunEvent } from "../../../run/events.ts";

export type EventDetail = Extract<RunEvent, { type: "system" }>["detail"];

/** What the thread says after the name of an event, by that name. */
export type EventWords = Readonly<Record<string, (detail: EventDetail) => string>>;
