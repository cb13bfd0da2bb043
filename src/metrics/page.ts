import { Counter, Gauge, Registry } from "prom-client";
import type { Page } from "../health.ts";
import type { MetricDefinition, Sample } from "./definitions.ts";
import { gauge } from "./instruments.ts";

/** Something that is asked when it is scraped. */
export interface Source {
  /** 1 when it answered in time. */
  up: MetricDefinition;
  definitions: Readonly<Record<string, MetricDefinition>>;
  /** Rejects when it is not there. */
  read(): Promise<ReadonlyArray<Sample<string>>>;
}

/** Prometheus gives a scrape 10 s by default (prometheus.io, scrape_timeout); a source that hangs must not use them up. */
const answerWithinMs = 2000;

/**
 * Makes the page that is scraped: what this process has counted, and what its sources say now. A source that does not
 * answer in time is not waited for and has no series on the page; it is not asked twice at once, so that scrapes do not
 * heap up on a server that hangs.
 */
export function createPage(
  registry: Registry,
  sources: readonly Source[],
  onError: (error: unknown) => void,
): () => Promise<Page> {
  const asked = sources.map((source) => ({ source, ask: createAsking(source, onError) }));
  return async () => {
    const [own, ...others] = await Promise.all([
      registry.metrics(),
      ...asked.map(({ source, ask }) => part(source, ask)),
    ]);
    return { contentType: registry.contentType, body: [own, ...others].join("\n") };
  };
}

type Ask = () => Promise<ReadonlyArray<Sample<string>> | null>;

function createAsking(source: Source, onError: (error: unknown) => void): Ask {
  let underWay: Promise<ReadonlyArray<Sample<string>> | null> | undefined;
  return () => {
    underWay ??= source
      .read()
      .catch((error: unknown) => {
        onError(error);
        return null;
      })
      .finally(() => (underWay = undefined));
    const late = new Promise<null>((resolve) => setTimeout(resolve, answerWithinMs, null).unref());
    return Promise.race([underWay, late]);
  };
}

async function part(source: Source, ask: Ask): Promise<string> {
  const samples = await ask();
  const registry = new Registry();
  gauge(registry, source.up).set(samples === null ? 0 : 1);
  if (samples !== null) write(registry, source.definitions, samples);
  return registry.metrics();
}

function write(registry: Registry, definitions: Source["definitions"], samples: ReadonlyArray<Sample<string>>): void {
  for (const [key, { type, name, help, labels }] of Object.entries(definitions)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    const own = samples.filter(({ metric }) => metric === key);
    if (type === "counter") {
      const counter = new Counter(options);
      for (const { labels: values, value } of own) counter.inc(values, value);
    } else {
      const made = new Gauge(options);
      for (const { labels: values, value } of own) made.set(values, value);
    }
  }
}
