/** Variables that may hold a collector's login (OpenTelemetry specification, OpenTelemetry Protocol Exporter). */
const variables = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] as const;

/**
 * What of the exporter's headers is secret, by name: `key=value,…` with percent-encoded values (W3C Baggage). Each value as it
 * is sent, and what follows a scheme such as `Bearer`.
 */
export function exporterSecrets(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const values = variables.flatMap((name) =>
    (environment[name] ?? "").split(",").flatMap((pair) => {
      const encoded = pair.slice(pair.indexOf("=") + 1).trim();
      const value = decoded(encoded);
      return [encoded, value, value.replace(/^\S+ +/, "")];
    }),
  );
  return Object.fromEntries(
    [...new Set(values)].filter((value) => value !== "").map((value, at) => [`otlp-${at}`, value]),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
