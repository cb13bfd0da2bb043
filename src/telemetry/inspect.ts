import { connect } from "node:net";
import { z } from "zod";
import type { EndpointClient } from "../watch/endpoint.ts";

/** What Grafana shows to whoever has the token. */
export type GrafanaFacts =
  | {
      kind: "answered";
      version: string | null;
      /** HTTP status of asking for the dashboard; null: none is configured. */
      dashboard: number | null;
    }
  /** The HTTP status with which it did not show annotations. */
  | { kind: "refused"; status: number };

/** `GET /api/health` (grafana.com, Other HTTP API, Health API), which needs no login. */
const healthSchema = z.object({ version: z.string().max(100) });

/**
 * Lists annotations as whoever may add them can (grafana.com, Annotations HTTP API, Find annotations), and looks for the
 * dashboard. Adds none: whether the token may is shown by the first run. Rejects when nothing answers.
 */
export async function inspectGrafana(
  client: Pick<EndpointClient, "get">,
  dashboardUid: string | undefined,
  signal: AbortSignal,
): Promise<GrafanaFacts> {
  const { status, json } = await client.get("/api/annotations", [["limit", "1"]], signal);
  if (!z.array(z.unknown()).safeParse(json).success) return { kind: "refused", status };
  const [health, dashboard] = await Promise.all([
    client.get("/api/health", [], signal).catch(() => null),
    dashboardUid === undefined
      ? null
      : client.get(`/api/dashboards/uid/${encodeURIComponent(dashboardUid)}`, [], signal).catch(() => null),
  ]);
  const parsed = healthSchema.safeParse(health?.json);
  return {
    kind: "answered",
    version: parsed.success ? parsed.data.version : null,
    dashboard: dashboard?.status ?? null,
  };
}

/**
 * Connects to where an address points, and hangs up: a collector has nothing that could be asked without sending it a trace.
 * Rejects with what kept the connection from standing.
 */
export async function acceptsConnection(url: string, withinMs: number): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === "https:" ? 443 : 80;
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connect({ host, port: port === "" ? usual : Number(port) }, () => {
      socket.destroy();
      resolve();
    });
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`no answer within ${withinMs / 1000} s`)));
    socket.once("error", reject);
  });
}
