import { createHash } from "node:crypto";
import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { RunSpan } from "./spans.ts";

/**
 * A run's spans as OpenTelemetry has them. Their ids are digests of the installation's number, the run's and the span's
 * key: whoever makes the trace, and however often, it is the same trace. A span that has not ended is left out.
 */
export function traceOf(
  spans: readonly RunSpan[],
  of: { installation: string; runId: string; resource: Resource; version: string },
): ReadableSpan[] {
  const digest = (...words: string[]): string =>
    createHash("sha256")
      .update([of.installation, of.runId, ...words].join("\n"))
      .digest("hex");
  const traceId = digest("trace").slice(0, 32);
  const contextOf = (key: string): SpanContext => ({
    traceId,
    spanId: digest("span", key).slice(0, 16),
    traceFlags: TraceFlags.SAMPLED,
  });
  return spans.flatMap((span): ReadableSpan[] => {
    const { key, parent, name, startMs, endMs, attributes, failure } = span;
    if (endMs === null) return [];
    return [
      {
        name,
        kind: SpanKind.INTERNAL,
        spanContext: () => contextOf(key),
        ...(parent === null ? {} : { parentSpanContext: contextOf(parent) }),
        startTime: hrTime(startMs),
        endTime: hrTime(endMs),
        duration: hrTime(endMs - startMs),
        status: failure === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
        attributes,
        links: [],
        events: [],
        ended: true,
        resource: of.resource,
        instrumentationScope: { name: "aftershock", version: of.version },
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
      },
    ];
  });
}

/** Seconds and nanoseconds of milliseconds. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
