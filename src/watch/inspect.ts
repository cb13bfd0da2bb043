import { z } from "zod";
import type { EndpointClient } from "./endpoint.ts";

/** What a server says of itself, or the HTTP status with which it said something else. */
export type Inspected<T> = { kind: "answered"; facts: T } | { kind: "refused"; status: number };

export interface PrometheusFacts {
  /** Null: it does not say, as what only speaks Prometheus' language may not. */
  version: string | null;
  /** Milliseconds since the epoch: the moment that it answered for, between question and answer. */
  clock: { theirsMs: number; askedAtMs: number; answeredAtMs: number };
}

export interface AlertmanagerFacts {
  version: string | null;
}

/** The moment of an instant query without a time is the server's own, in seconds (Prometheus documentation, HTTP API). */
const oneSchema = z.object({
  status: z.literal("success"),
  data: z.object({ result: z.tuple([z.object({ value: z.tuple([z.number(), z.literal("1")]) })]) }),
});
/** `/api/v1/status/buildinfo`. */
const buildSchema = z.object({ data: z.object({ version: z.string().max(100) }) });
/** `/api/v2/status` (Alertmanager's OpenAPI, alertmanagerStatus). */
const statusSchema = z.object({ versionInfo: z.object({ version: z.string().max(100) }) });

/** Asks `vector(1)`, which needs no data. Rejects when nothing answers. */
export async function inspectPrometheus(
  client: Pick<EndpointClient, "get">,
  signal: AbortSignal,
): Promise<Inspected<PrometheusFacts>> {
  const askedAtMs = Date.now();
  const { status, json } = await client.get("/api/v1/query", [["query", "vector(1)"]], signal);
  const answeredAtMs = Date.now();
  const one = oneSchema.safeParse(json);
  if (!one.success) return { kind: "refused", status };
  const theirsMs = one.data.data.result[0].value[0] * 1000;
  const build = await client.get("/api/v1/status/buildinfo", [], signal).catch(() => null);
  const parsed = buildSchema.safeParse(build?.json);
  const version = parsed.success ? parsed.data.data.version : null;
  return { kind: "answered", facts: { version, clock: { theirsMs, askedAtMs, answeredAtMs } } };
}

/** Asks for its status, and for alerts as a run does, of which there are none. Rejects when nothing answers. */
export async function inspectAlertmanager(
  client: Pick<EndpointClient, "get">,
  signal: AbortSignal,
): Promise<Inspected<AlertmanagerFacts>> {
  const alerts = await client.get("/api/v2/alerts", [["filter", 'alertname="aftershock-doctor"']], signal);
  if (!z.array(z.unknown()).safeParse(alerts.json).success) return { kind: "refused", status: alerts.status };
  const status = await client.get("/api/v2/status", [], signal).catch(() => null);
  const parsed = statusSchema.safeParse(status?.json);
  return { kind: "answered", facts: { version: parsed.success ? parsed.data.versionInfo.version : null } };
}
