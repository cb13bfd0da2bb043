import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { counted, type MetricDefinition } from "./definitions.ts";

type LabelsOf<D extends MetricDefinition> = D["labels"][number];

function options<D extends MetricDefinition>(registry: Registry, { name, help, labels }: D) {
  return { name, help, labelNames: [...labels] as Array<LabelsOf<D>>, registers: [registry] };
}

const counter = <D extends MetricDefinition>(registry: Registry, definition: D): Counter<LabelsOf<D>> =>
  new Counter<LabelsOf<D>>(options(registry, definition));

const histogram = <D extends MetricDefinition>(registry: Registry, definition: D): Histogram<LabelsOf<D>> =>
  new Histogram<LabelsOf<D>>({ ...options(registry, definition), buckets: [...(definition.buckets ?? [])] });

/** A gauge of a definition; `collect` sets it when it is scraped. */
export function gauge<D extends MetricDefinition>(
  registry: Registry,
  definition: D,
  collect?: (self: Gauge<LabelsOf<D>>) => void,
): Gauge<LabelsOf<D>> {
  return new Gauge<LabelsOf<D>>({
    ...options(registry, definition),
    ...(collect === undefined
      ? {}
      : {
          collect() {
            collect(this);
          },
        }),
  });
}

/** What a process counts, in a registry of its own. */
export type Instruments = ReturnType<typeof createInstruments>;

/** `now`: what is known when it is scraped. */
export function createInstruments(registry: Registry, now: { runsOwned: () => number }) {
  return {
    build: gauge(registry, counted.build),
    commands: counter(registry, counted.commands),
    interactions: counter(registry, counted.interactions),
    slackCalls: counter(registry, counted.slackCalls),
    operations: counter(registry, counted.operations),
    operationSeconds: histogram(registry, counted.operationSeconds),
    injectionSeconds: histogram(registry, counted.injectionSeconds),
    removalSeconds: histogram(registry, counted.removalSeconds),
    proofSeconds: histogram(registry, counted.proofSeconds),
    runsOwned: gauge(registry, counted.runsOwned, (self) => self.set(now.runsOwned())),
    leaseLosses: counter(registry, counted.leaseLosses),
  };
}
