/** `endpoint`: the address as it is set, with or without `/v1/traces`. `reason`: why not, where somebody seems to want it. */
export type TracingWanted = { on: true; endpoint: string } | { on: false; reason?: string };

/**
 * Whether runs shall be exported as traces, by the variables of the OpenTelemetry specification ("Environment Variable
 * Specification" and "OpenTelemetry Protocol Exporter"): on with an endpoint, off without one. Only `http/protobuf` is
 * spoken, the specification's default.
 */
export function tracingWanted(environment: Readonly<Record<string, string | undefined>>): TracingWanted {
  const set = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === "" ? undefined : value;
  };
  const endpoint = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") ?? set("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (endpoint === undefined || set("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return { on: false };
  const exporters = set("OTEL_TRACES_EXPORTER") ?? "otlp";
  if (!exporters.split(",").includes("otlp")) return { on: false };
  const protocol = set("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? set("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  if (protocol === "http/protobuf") return { on: true, endpoint };
  return { on: false, reason: `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}; only http/protobuf is spoken here` };
}
