import type { WatchPlan } from "../../../src/experiment/resolve-watch.ts";
import type { Experiment } from "../../../src/experiment/schema.ts";

/** Stop conditions with a text in every place that an experiment's author fills. */
export function hostileWatches(text: string): WatchPlan[] {
  const common = { id: "watch-1", title: text, forMs: 5000, unknownAfterMs: 15_000 };
  return [
    { ...common, onUnknown: "stop", ask: { of: "prometheus", query: text }, limit: { above: 5 } },
    { ...common, onUnknown: "continue", ask: { of: "alertmanager", filters: [text, text] }, limit: { above: 0 } },
  ];
}

export function hostileStops(text: string): Experiment["stopConditions"] {
  const common = { id: "watch-1", title: text, onUnknown: "stop" as const, unknownAfter: "15s" };
  return [
    { id: "probe-1", title: text, client: text, okRatioBelow: 0.5, forMs: 5000 },
    { ...common, prometheus: { query: text, above: 5, for: "0s" } },
    { ...common, alert: { matchers: { alertname: text }, for: "0s" } },
  ];
}
