import { messageOf } from "../errors.ts";
import { startTelemetry, type Telemetry, type TelemetryOptions } from "../telemetry/follow.ts";
import { createGrafanaSink } from "../telemetry/grafana.ts";
import { tracingWanted } from "../telemetry/tracing-wanted.ts";
import { openEndpoint } from "../watch/endpoint.ts";
import type { Foundation } from "./foundation.ts";
import { ownVersion } from "./version.ts";

/** What showing runs needs of a bot's foundation, or of a pipeline's. */
interface Shown extends Pick<Foundation, "database" | "log"> {
  config: Pick<Foundation["loaded"]["config"], "grafana">;
  secrets: Pick<Foundation["loaded"]["secrets"], "grafana">;
}

/** Shows runs where configuration and environment say so; nothing is started, or loaded, where they say nothing. */
export async function composeTelemetry({ config, secrets, database, log }: Shown): Promise<Telemetry> {
  const tracing = tracingWanted(process.env);
  if (!tracing.on && tracing.reason !== undefined) log.warn(`no traces: ${tracing.reason}`);
  const traces = tracing.on
    ? (await import("../telemetry/otlp.ts")).createTraceSink(database, ownVersion())
    : undefined;
  const grafana = secrets.grafana === undefined ? undefined : openEndpoint(secrets.grafana);
  const sinks: TelemetryOptions["sinks"] = {
    ...(grafana !== undefined && { grafana: createGrafanaSink(grafana, config.grafana?.dashboardUid) }),
    ...(traces !== undefined && { traces: traces.send }),
  };
  if (Object.keys(sinks).length === 0) return { stop: () => Promise.resolve() };
  const telemetry = startTelemetry({
    database,
    sinks,
    log: (message, { error, ...detail }) => log.warn({ ...detail, error: messageOf(error) }, message),
  });
  return {
    stop: async () => {
      await telemetry.stop();
      await Promise.allSettled([grafana?.close(), traces?.close()]);
    },
  };
}
