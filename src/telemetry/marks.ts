import type { RunSpan } from "./spans.ts";

/** An annotation of Grafana: a moment, or a region where it has an end (grafana.com, Annotations HTTP API). */
export interface Mark {
  /** Unique in its run. */
  key: string;
  /** Milliseconds since 1970. */
  time: number;
  timeEnd?: number;
  tags: string[];
  text: string;
}

/** Phases before these touch nothing, and nobody looks for their cause in a dashboard. */
const quietPhases: ReadonlySet<string> = new Set(["requested", "approved", "preflight"]);

/**
 * What is to be seen of a run in dashboards: each change of its phase, its end, and a region for each fault, from its
 * injection to the proof that it is gone. A region has no end before that.
 */
export function marksOf(spans: readonly RunSpan[]): Mark[] {
  const run = spans.find(({ key }) => key === "run");
  if (run === undefined) return [];
  const id = String(run.attributes["aftershock.run"]);
  const tagsFor = (phase: string): string[] => [
    "aftershock",
    `run:${id}`,
    `experiment:${String(run.attributes["aftershock.experiment"])}`,
    `cluster:${String(run.attributes["aftershock.cluster"])}`,
    `phase:${phase}`,
  ];
  const phases = spans
    .filter(({ key, name }) => key.startsWith("phase:") && !quietPhases.has(name))
    .map(({ key, name, startMs }): Mark => ({ key, time: startMs, tags: tagsFor(name), text: `${id}: ${name}` }));
  // What ended before it touched anything leaves no mark.
  if (phases.length === 0) return [];
  const outcome = String(run.attributes["aftershock.outcome"]);
  const end: Mark[] =
    run.endMs === null ? [] : [{ key: "end", time: run.endMs, tags: tagsFor(outcome), text: `${id}: ${outcome}` }];
  return [...phases, ...spans.flatMap((span) => regionOf(span, spans, id, tagsFor("fault"))), ...end];
}

function regionOf(fault: RunSpan, spans: readonly RunSpan[], id: string, tags: string[]): Mark[] {
  if (fault.parent !== "run" || !fault.key.startsWith("fault:")) return [];
  const active = spans.find(({ key }) => key === `${fault.key}/active`);
  const inject = spans.find(({ key }) => key === `${fault.key}/inject`);
  // Begun by the cluster somewhere while it was being injected: from its first possible moment on.
  if (active === undefined || inject === undefined) return [];
  const proof = fault.endMs === null ? "" : fault.failure === null ? ", proven gone" : `, not proven: ${fault.failure}`;
  return [
    {
      key: fault.key,
      time: inject.startMs,
      ...(fault.endMs === null ? {} : { timeEnd: fault.endMs }),
      tags,
      text: `${id}: ${fault.name} (${String(fault.attributes["aftershock.kind"])})${proof}`,
    },
  ];
}
