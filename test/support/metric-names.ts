import { counted, queued, sources, stored, type MetricDefinition } from "../../src/metrics/definitions.ts";

const definitions: MetricDefinition[] = [counted, stored, queued, sources].flatMap((part) => Object.values(part));

/** Of every metric, as it is defined. */
export const allMetrics = definitions.map(({ name }) => name);

/** Names of series that are exported: a histogram has three. */
const exported = new Set(
  definitions.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  ),
);

/** Metrics of ours that a text (a rule, a dashboard) asks for and that nothing exports. */
export function unknownMetrics(text: string): string[] {
  const asked = new Set(text.match(/\baftershock_[a-z_]+/g));
  return [...asked].filter((name) => !exported.has(name));
}
