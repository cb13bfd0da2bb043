import type { TimelineEvent } from "../probes/history.ts";
import type { RunningProbes } from "../probes/system.ts";
import type { RunEventBody } from "./events.ts";
import type { Journal } from "./journal.ts";

/** How often the live picture and what the system said are stored. */
const statusEveryMs = 1000;
const eventsEveryMs = 250;

/** What only fills the history file; the thread has no use for it. */
const quietEvents: ReadonlySet<string> = new Set(["offset", "pool"]);

export interface Publisher {
  /** Stores what is left and stops. */
  stop(): Promise<void>;
}

/** Stores the probes' live status and the system's own events as run events until stopped. */
export function publishLive(journal: Journal, probes: RunningProbes, onError: (error: unknown) => void): Publisher {
  let waiting: RunEventBody[] = [];
  probes.onEvent((event) => {
    if (!quietEvents.has(event.event)) waiting.push(systemEvent(event));
  });
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    await journal.say(...batch);
  };
  const status = (): Promise<void> =>
    journal.say({ type: "probe-status", status: probes.status(), phase: journal.state() });
  const timers = [
    setInterval(() => void flush().catch(onError), eventsEveryMs),
    setInterval(() => void status().catch(onError), statusEveryMs),
  ];
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await flush();
      await status();
    },
  };
}

function systemEvent(event: TimelineEvent): RunEventBody {
  return { type: "system", atMs: event.atMs, source: event.source, event: event.event, detail: { ...event.detail } };
}
