import type { Recorder } from "../probes/recorder.ts";
import type { Journal } from "./journal.ts";

/** Whether the cluster lets a run see its fault. Told in the thread when it stops to, and when it does again. */
export interface Sight {
  /** A look was answered. */
  seen(): void;
  /** A look was not, and why. */
  lost(problem: string): void;
}

/** Every look without an answer is in the history; the thread hears of the first, and of the end. */
export function watchSight(journal: Pick<Journal, "say">, recorder: Pick<Recorder, "event" | "now">): Sight {
  let lostAtMs: number | null = null;
  const tell = (event: string, detail: Record<string, string | number>): void => {
    const said = { atMs: recorder.now(), source: "cluster", event, detail };
    recorder.event(said);
    // Told in its turn; the owner notices a lost lease by itself.
    journal.say({ type: "system", ...said }).catch(() => undefined);
  };
  return {
    seen: () => {
      if (lostAtMs === null) return;
      tell("fault-seen", { afterMs: Math.round(recorder.now() - lostAtMs) });
      lostAtMs = null;
    },
    lost: (problem) => {
      if (lostAtMs !== null) {
        recorder.event({ atMs: recorder.now(), source: "cluster", event: "fault-unseen", detail: { problem } });
        return;
      }
      lostAtMs = recorder.now();
      tell("fault-unseen", { problem });
    },
  };
}
