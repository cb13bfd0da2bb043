import { formatDuration } from "../../experiment/duration.ts";
import type { WatchPlan } from "../../experiment/resolve-watch.ts";
import type { Recorder } from "../../probes/recorder.ts";
import { pause } from "../wait.ts";
import type { Walk } from "../walk.ts";
import { judgeWatch, limitText, notYetAsked, type Reading } from "./judge-watch.ts";
import { readWatch } from "./read-watch.ts";
import type { ClusterWatching } from "./watches.ts";
import { joinSignals } from "../../join-signals.ts";

type Watched = Pick<Walk, "run" | "deps" | "journal" | "ownership">;

/**
 * Asks every condition of the plan again and again, each by itself, from the baseline until `stop`. One that fires asks the
 * run to stop as the probes' own conditions do, so that it is healed. Changes are in the history; the thread hears of them.
 */
export function watchRun(all: Watched, recorder: Pick<Recorder, "event" | "now">): { stop(): void } {
  const over = new AbortController();
  const { plan } = all.run;
  const watching = all.deps.registry.watching(plan.cluster);
  const lost = all.ownership.lost;
  const stop = all.ownership.stop;
  for (const watch of plan.watches ?? []) {
    // It never rejects: a look that fails is a reading.
    if (watching !== null) void watchOne(watch, watching, all, recorder, joinSignals(over.signal, lost, stop));
  }
  return { stop: () => over.abort() };
}

async function watchOne(
  watch: WatchPlan,
  watching: ClusterWatching,
  { journal, ownership }: Watched,
  recorder: Pick<Recorder, "event" | "now">,
  signal: AbortSignal,
): Promise<void> {
  let state = notYetAsked;
  let last: Reading | null = null;
  while (!signal.aborted) {
    const reading = await readWatch(watch, watching, signal);
    if (signal.aborted) return;
    const atMs = recorder.now();
    const judged = judgeWatch(watch, state, reading, atMs);
    state = judged.state;
    tellChange(watch, last, reading);
    last = reading;
    if (judged.stops !== null) {
      const fired = { id: watch.id, measured: `${watch.title}: ${judged.stops}`, bound: limitText(watch) };
      recorder.event({ atMs, source: watch.ask.of, event: "watch-fired", detail: fired });
      ownership.requestStop({ kind: "stop-condition", by: fired.id, reason: `${fired.measured} (${fired.bound})` });
      journal.say({ type: "stop-condition", ...fired }).catch(() => undefined);
      return;
    }
    await pause(watching.everyMs, signal);
  }

  function tellChange(of: WatchPlan, before: Reading | null, now: Reading): void {
    const tell = (event: string, detail: Record<string, string>): void => {
      const said = { atMs: recorder.now(), source: of.ask.of, event, detail: { id: of.id, ...detail } };
      recorder.event(said);
      if (event === "watch-holds" || event === "watch-fine") return;
      journal.say({ type: "system", ...said }).catch(() => undefined);
    };
    if (!now.known) {
      if (before?.known === false) return;
      const next =
        of.onUnknown === "stop"
          ? `the run stops after ${formatDuration(of.unknownAfterMs)} of not knowing`
          : "the run goes on, as this condition says";
      tell("watch-unknown", { why: now.why, next });
      return;
    }
    if (before?.known === false) tell("watch-known", { measured: now.measured });
    const held = before?.known === true && before.holds;
    if (now.holds !== held || before === null)
      tell(now.holds ? "watch-holds" : "watch-fine", { measured: now.measured });
  }
}
