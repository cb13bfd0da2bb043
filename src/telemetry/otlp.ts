import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { messageOf } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { installationOf } from "../store/installation.ts";
import { eventsOfTypes } from "../store/telemetry.ts";
import type { Send, SinkResult } from "./sink.ts";
import { spanEvents, spansOf } from "./spans.ts";
import { traceOf } from "./trace.ts";

export interface TraceSink {
  send: Send;
  close(): Promise<void>;
}

/**
 * Exports a run that has ended as one trace, by OTLP over HTTP. Where to, with which headers and for how long the exporter
 * reads from the environment itself (`OTEL_EXPORTER_OTLP_…`), as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 */
export function createTraceSink(database: Database, version: string): TraceSink {
  const exporter = new OTLPTraceExporter();
  const own = resourceFromAttributes({ "service.name": "aftershock", "service.version": version });
  const resource = own.merge(detectResources({ detectors: [envDetector] }));
  return {
    send: async ({ runId }, signal) => {
      try {
        const installation = await installationOf(database);
        const { events } = await eventsOfTypes(database, runId, spanEvents);
        const spans = traceOf(spansOf(events), { installation, runId, resource, version });
        return await exported(exporter, spans, signal);
      } catch (error) {
        return { kind: "later", error: messageOf(error) };
      }
    },
    close: () => exporter.shutdown(),
  };
}

/** A trace that was exported twice is the same trace, so that what is unknown may be tried again. */
function exported(exporter: OTLPTraceExporter, spans: ReadableSpan[], signal: AbortSignal): Promise<SinkResult> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve({ kind: "later", error: "no answer in time" }), { once: true });
    exporter.export(spans, ({ code, error }) => {
      // ExportResultCode.SUCCESS
      if ((code as number) === 0) return resolve({ kind: "sent", remoteId: null });
      const status: unknown = error !== undefined && "code" in error ? error.code : undefined;
      const isRefused = typeof status === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429;
      resolve({ kind: isRefused ? "refused" : "later", error: messageOf(error ?? "the export failed") });
    });
  });
}
