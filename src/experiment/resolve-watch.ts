import { parseDurationMs } from "./duration.ts";
import { escapeInQuotes, insertIntoQuery } from "./insert-into-query.ts";
import { insertable, insertParameters, referredParameters } from "./insert-parameters.ts";
import { AftershockError } from "../errors.ts";
import type { Experiment, ParameterValue } from "./schema.ts";
import type { WatchCondition } from "./watch-condition.ts";

/** A condition as it is asked: parameters inserted, durations in milliseconds. It is a part of the plan. */
export interface WatchPlan {
  id: string;
  title: string;
  /** Where it is asked, and what: PromQL, or matchers as Alertmanager takes them (`alertname="RedisDown"`). */
  ask: { of: "prometheus"; query: string } | { of: "alertmanager"; filters: readonly string[] };
  /** Of a query's value; of alerts how many may fire: none. */
  limit: { above: number } | { below: number };
  forMs: number;
  onUnknown: "stop" | "continue";
  unknownAfterMs: number;
}

/** Throws AftershockError `bad_experiment` for a parameter in a place where it could become PromQL. */
export function resolveWatch(
  condition: WatchCondition,
  experiment: Pick<Experiment, "parameters">,
  values: Readonly<Record<string, ParameterValue>>,
): WatchPlan {
  const { id, title, onUnknown } = condition;
  const common = { id, title, onUnknown, unknownAfterMs: parseDurationMs(condition.unknownAfter) };
  if ("prometheus" in condition) {
    const { query, above, below, for: held } = condition.prometheus;
    return {
      ...common,
      ask: { of: "prometheus", query: insertIntoQuery(query, experiment, values) },
      limit: above === undefined ? { below: below ?? 0 } : { above },
      forMs: parseDurationMs(held),
    };
  }
  const { matchers, for: held } = condition.alert;
  const stranger = referredParameters(matchers).find((name) => !Object.hasOwn(values, name));
  if (stranger !== undefined) {
    throw new AftershockError(
      "bad_experiment",
      `${stranger} is no parameter.`,
      "Name one of the experiment's parameters.",
    );
  }
  const inserts = insertable(experiment, values);
  const filters = Object.entries(matchers).map(([name, value]) => {
    // One that is nothing but a parameter takes its type: an integer is a number then.
    const inserted: unknown = insertParameters<unknown>(value, inserts);
    return `${name}="${escapeInQuotes(String(inserted))}"`;
  });
  return { ...common, ask: { of: "alertmanager", filters }, limit: { above: 0 }, forMs: parseDurationMs(held) };
}

/** What is asked, as a person would type it. */
export function askText({ ask }: Pick<WatchPlan, "ask">): string {
  return ask.of === "prometheus" ? ask.query : `alert {${ask.filters.join(", ")}}`;
}
