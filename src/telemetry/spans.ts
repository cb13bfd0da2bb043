import type { RunEvent } from "../run/events.ts";
import { isTerminal } from "../run/lifecycle.ts";

/** A stretch of a run's time, made from its events. Times are PostgreSQL's, in ms since 1970. */
export interface RunSpan {
  /** Unique in its run and the same however often it is made: `run`, `phase:active`, `fault:cut/remove`. */
  key: string;
  /** The key of the span that it is a part of; null for the run itself. */
  parent: string | null;
  name: string;
  startMs: number;
  /** Null while it goes on. */
  endMs: number | null;
  attributes: Record<string, string | number | boolean>;
  /** Why it did not do what it should, in words; null where it did, or is under way. */
  failure: string | null;
}

/**
 * The spans of a run: itself, its phases, its guards, and of each fault the injection, its time, the removal and the
 * proof. A projection of the events alone: whoever makes it, and after whatever was lost, gets the same. Guards are told
 * together, so that each lasts as long as looking at all of them did. Empty for a run without its first event.
 */
export function spansOf(events: readonly RunEvent[]): RunSpan[] {
  const spans = new Map<string, RunSpan>();
  for (const event of events) hear(spans, event, Date.parse(event.at));
  return [...spans.values()];
}

type Spans = Map<string, RunSpan>;

function open(spans: Spans, span: Pick<RunSpan, "key" | "parent" | "name" | "startMs"> & Partial<RunSpan>): void {
  if (!spans.has(span.key)) spans.set(span.key, { endMs: null, attributes: {}, failure: null, ...span });
}

function close(spans: Spans, key: string, endMs: number, failure: string | null = null): void {
  const span = spans.get(key);
  if (span === undefined || span.endMs !== null) return;
  span.endMs = Math.max(span.startMs, endMs);
  span.failure ??= failure;
}

function note(spans: Spans, key: string, attributes: RunSpan["attributes"]): void {
  Object.assign(spans.get(key)?.attributes ?? {}, attributes);
}

/** Spans of faults: `fault:ID`, or one of its parts. */
const faultsIn = (spans: Spans): string[] =>
  [...spans.keys()].filter((key) => key.startsWith("fault:") && !key.includes("/"));

function hear(spans: Spans, event: RunEvent, atMs: number): void {
  switch (event.type) {
    case "requested": {
      const { experiment, system, cluster, namespace } = event.plan;
      const attributes = { "aftershock.run": event.run, "aftershock.experiment": experiment };
      const place = { "aftershock.system": system, "aftershock.cluster": cluster, "aftershock.namespace": namespace };
      open(spans, {
        key: "run",
        parent: null,
        name: `run ${experiment}`,
        startMs: atMs,
        attributes: { ...attributes, ...place },
      });
      return open(spans, { key: "phase:requested", parent: "run", name: "requested", startMs: atMs });
    }
    case "state":
      return changeState(spans, event, atMs);
    case "claimed":
      return event.takenOver ? note(spans, "run", { "aftershock.taken_over": true }) : undefined;
    case "guard": {
      const { id, ok, measured, bound } = event;
      return open(spans, {
        key: `guard:${id}:${event.seq}`,
        parent: "phase:preflight",
        name: `guard ${id}`,
        startMs: spans.get("phase:preflight")?.startMs ?? atMs,
        endMs: atMs,
        attributes: { "aftershock.measured": measured, "aftershock.bound": bound },
        failure: ok ? null : `${measured} (${bound})`,
      });
    }
    case "stop-condition":
      return note(spans, "run", { "aftershock.stopped_by": event.id });
    case "judged": {
      const { hypothesis, cleanup } = event.report.verdicts;
      return note(spans, "run", { "aftershock.hypothesis": hypothesis, "aftershock.cleanup": cleanup });
    }
    case "fault-intended": {
      const { fault, kind, name, namespace, pods } = event;
      const key = `fault:${fault}`;
      open(spans, {
        key,
        parent: "run",
        name: `fault ${fault}`,
        startMs: atMs,
        attributes: {
          "aftershock.kind": kind,
          "aftershock.object": `${namespace}/${name}`,
          "aftershock.pods": pods.join(" "),
        },
      });
      return open(spans, { key: `${key}/inject`, parent: key, name: "inject", startMs: atMs });
    }
    case "fault-injected": {
      const key = `fault:${event.fault}`;
      const inject = spans.get(`${key}/inject`);
      // Several are intended at once and injected one after the other.
      if (inject !== undefined) inject.startMs = Math.max(inject.startMs, atMs - event.tookMs);
      close(spans, `${key}/inject`, atMs);
      return open(spans, { key: `${key}/active`, parent: key, name: "active", startMs: atMs });
    }
    case "fault-removed": {
      const key = `fault:${event.fault}`;
      close(spans, `${key}/remove`, atMs);
      return open(spans, { key: `${key}/prove`, parent: key, name: "prove", startMs: atMs });
    }
    case "healing-proof":
      for (const key of faultsIn(spans)) {
        const prove = spans.get(`${key}/prove`);
        if (prove === undefined || isOver(spans)) continue;
        prove.endMs = atMs;
        if (!event.ok) prove.failure ??= `${event.what}: ${event.detail}`;
      }
      return;
    default:
  }
}

const isOver = (spans: Spans): boolean => spans.get("run")?.endMs !== null;

function changeState(spans: Spans, { from, to, reason }: Extract<RunEvent, { type: "state" }>, atMs: number): void {
  close(spans, `phase:${from}`, atMs);
  if (to === "healing") {
    for (const key of faultsIn(spans)) {
      close(spans, `${key}/inject`, atMs, "whether it was injected is unknown");
      close(spans, `${key}/active`, atMs);
      open(spans, { key: `${key}/remove`, parent: key, name: "remove", startMs: atMs });
    }
  }
  if (to === "judging" || isTerminal(to)) endFaults(spans, atMs);
  if (!isTerminal(to)) return open(spans, { key: `phase:${to}`, parent: "run", name: to, startMs: atMs });
  note(spans, "run", { "aftershock.outcome": to });
  const isWrong = to === "failed" || to === "interrupted";
  close(spans, "run", atMs, isWrong ? (reason ?? to) : null);
}

/** A fault is over when the last proof of its being gone is there; one without a proof is over, unproven, with the healing. */
function endFaults(spans: Spans, atMs: number): void {
  for (const key of faultsIn(spans)) {
    const prove = spans.get(`${key}/prove`);
    if (prove !== undefined) prove.endMs ??= atMs;
    for (const part of ["inject", "active", "remove"]) close(spans, `${key}/${part}`, atMs, "its end was not seen");
    const failure = prove === undefined ? "that it is gone was not proven" : prove.failure;
    close(spans, key, prove?.endMs ?? atMs, failure);
  }
}

/** Types of events that spans are made of; the others are many, and say nothing of phases. */
export const spanEvents = [
  "requested",
  "state",
  "claimed",
  "guard",
  "stop-condition",
  "judged",
  "fault-intended",
  "fault-injected",
  "fault-removed",
  "healing-proof",
] as const satisfies ReadonlyArray<RunEvent["type"]>;
