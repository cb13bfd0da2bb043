import type { Measure, Report } from "../report.ts";
import { isChange } from "./tolerance.ts";

type Comparison = NonNullable<Report["comparison"]>;
type Row = Comparison["rows"][number];

/** What of a run is compared. */
export type Comparable = Pick<Report, "measures" | "settings"> & { parameters: Report["run"]["parameters"] };

/**
 * This run beside the last one of the same experiment on the same target: measures by id, parameters and settings that
 * differ. What is better or worse is only said of a measure that says which way is better.
 */
export function compareWith(previous: Report, is: Comparable): Comparison {
  const earlier = new Map(previous.measures.map((measure) => [measure.id, measure]));
  return {
    run: previous.run.id,
    endedAt: previous.run.endedAt,
    hypothesis: previous.verdicts.hypothesis,
    parameters: differing(textOf(previous.run.parameters), textOf(is.parameters)),
    settings: differing(settingsOf(previous.settings), settingsOf(is.settings)),
    rows: is.measures.flatMap((measure): Row[] => {
      const known = earlier.get(measure.id);
      if (known === undefined || known.unit !== measure.unit) return [];
      const { id, title, unit, value: now } = measure;
      return [{ id, title, unit, before: known.value, now, change: changeOf(measure, known.value) }];
    }),
  };
}

function changeOf(measure: Measure, before: number | null): Row["change"] {
  const { value: now, better } = measure;
  if (before === null || now === null) return before === now ? "none" : "not-comparable";
  if (!isChange(measure, before, now)) return "none";
  if (better === undefined) return "changed";
  return now < before === (better === "lower") ? "better" : "worse";
}

/** Values as text, by name. */
export function textOf(values: Readonly<Record<string, unknown>>): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** Values of a setting over all members, since roles move from member to member between runs. */
export function settingsOf(settings: Report["settings"]): Map<string, string> {
  const values = new Map<string, Set<string>>();
  for (const { name, value } of settings) values.set(name, (values.get(name) ?? new Set()).add(value));
  return new Map([...values].map(([name, all]) => [name, [...all].toSorted().join(" / ")]));
}

/** Names whose value is not the same. */
export function differing(
  earlier: ReadonlyMap<string, string>,
  later: ReadonlyMap<string, string>,
): Comparison["parameters"] {
  return [...new Set([...earlier.keys(), ...later.keys()])].toSorted().flatMap((name) => {
    const [before, now] = [earlier.get(name) ?? null, later.get(name) ?? null];
    return before === now ? [] : [{ name, before, now }];
  });
}
