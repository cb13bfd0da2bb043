/** Longer names say no more in a thread. */
const longestSeries = 200;

/** A series or an alert as Prometheus writes it: `up{job="page"}`. */
export function seriesText(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(",")}}`.slice(0, longestSeries);
}
