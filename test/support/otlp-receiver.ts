import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";

/** A part of opentelemetry-proto (opentelemetry.io/docs/specs/otlp; trace/v1/trace.proto), enough to read spans. */
const schema = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
  fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; Status status = 15;
}
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; } }
message Status { string message = 2; int32 code = 3; }`;

type Attributes = Array<{ key: string; value?: { stringValue?: string; boolValue?: boolean } }>;
interface RawSpan {
  traceId: Buffer;
  spanId: Buffer;
  parentSpanId?: Buffer;
  name: string;
  startTimeUnixNano: { toString(): string };
  endTimeUnixNano: { toString(): string };
  attributes?: Attributes;
  status?: { message?: string; code?: number };
}

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  name: string;
  startMs: number;
  endMs: number;
  attributes: Record<string, string | boolean | undefined>;
  /** Message of a status ERROR. */
  error: string | null;
  service: string;
}

/**
 * Takes traces by OTLP over HTTP in protobuf: the real protocol, decoded by a decoder that is not the exporter's; behind
 * it is no collector. `answer` says with which status the next requests are answered.
 */
export async function startOtlpReceiver() {
  const requestType = protobuf.parse(schema).root.lookupType("Request");
  const spans: ReceivedSpan[] = [];
  const headers: Array<string | undefined> = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const isRight = request.url === "/v1/traces" && request.headers["content-type"] === "application/x-protobuf";
      if (isRight && status === 200) spans.push(...spansIn(requestType, Buffer.concat(chunks)));
      headers.push(request.headers.authorization);
      response.writeHead(isRight ? status : 415, { "content-type": "application/x-protobuf" });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    answer: (next: number) => (status = next),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function spansIn(type: protobuf.Type, bytes: Buffer): ReceivedSpan[] {
  const { resourceSpans = [] } = type.decode(bytes) as unknown as {
    resourceSpans?: Array<{ resource: { attributes: Attributes }; scopeSpans: Array<{ spans: RawSpan[] }> }>;
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: hex(span.traceId),
        spanId: hex(span.spanId),
        parentSpanId: hex(span.parentSpanId),
        name: span.name,
        startMs: Number(BigInt(span.startTimeUnixNano.toString()) / 1_000_000n),
        endMs: Number(BigInt(span.endTimeUnixNano.toString()) / 1_000_000n),
        attributes: valuesOf(span.attributes ?? []),
        error: span.status?.code === 2 ? (span.status.message ?? "") : null,
        service: String(valuesOf(resource.attributes)["service.name"]),
      })),
    ),
  );
}

const hex = (bytes: Uint8Array = new Uint8Array()): string => Buffer.from(bytes).toString("hex");

function valuesOf(attributes: Attributes): Record<string, string | boolean | undefined> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value?.stringValue || value?.boolValue]));
}
