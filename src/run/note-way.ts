import type { PodWay, WayChange } from "../cluster/port.ts";
import type { Recorder } from "../probes/recorder.ts";
import type { Journal } from "./journal.ts";

/**
 * Writes into the history, and tells in the thread, when the way to a pod is down and when it stands again: what probes
 * miss in between says nothing of the system. `now` is the clock of the changes (`performance.now()`).
 */
export function noteWay(
  way: Pick<PodWay, "watch"> | null | undefined,
  recorder: Pick<Recorder, "event" | "now">,
  journal: Pick<Journal, "say">,
  now: () => number = () => performance.now(),
): void {
  way?.watch(({ stands, pod, atMs, why }: WayChange) => {
    const sinceMs = Math.max(0, recorder.now() - (now() - atMs));
    const event = stands ? "way-in-up" : "way-in-down";
    const said = { atMs: sinceMs, source: "cluster", event, detail: { pod, ...(stands ? {} : { why }) } };
    recorder.event(said);
    // Told in its turn; the owner notices a lost lease by itself.
    journal.say({ type: "system", ...said }).catch(() => undefined);
  });
}
