import { readGrafana } from "../../../config/watching.ts";
import { isAftershockError } from "../../../errors.ts";
import { acceptsConnection, inspectGrafana, type GrafanaFacts } from "../../../telemetry/inspect.ts";
import { tracingWanted } from "../../../telemetry/tracing-wanted.ts";
import { openEndpoint } from "../../../watch/endpoint.ts";
import type { Asked, Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { whyOf } from "../once.ts";
import { judgeRefusal, judgeSilence } from "./endpoint.ts";

const withinMs = 5000;

/** Whether runs are shown anywhere besides Slack, or want to be. Pure. */
export function isShownElsewhere({ config, environment }: Pick<Asked, "config" | "environment">): boolean {
  const tracing = tracingWanted(environment);
  return config.grafana !== undefined || tracing.on || tracing.reason !== undefined;
}

/** Grafana, to which runs are annotations. */
export const grafana: Check = async ({ config, environment }) => {
  const { grafana: settings } = config;
  if (settings === undefined) return [];
  let opened: ReturnType<typeof readGrafana>["grafana"];
  try {
    opened = readGrafana(settings, environment).grafana;
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    // Wrong in the group of the configuration.
    return [unknown(`Grafana was not asked: ${error.message}`, error.hint)];
  }
  if (opened === undefined) return [];
  const client = openEndpoint(opened);
  const endpoint = { name: "Grafana", key: "grafana", settings, path: "/api/annotations?limit=1" };
  try {
    const facts = await inspectGrafana(client, settings.dashboardUid, AbortSignal.timeout(withinMs));
    // Who may not list annotations may be allowed to add them: two permissions of Grafana's.
    if (facts.kind === "refused" && facts.status === 403) {
      return [
        unknown(
          "Grafana does not show annotations to the bot (HTTP 403); whether it may add some, the first run shows.",
        ),
      ];
    }
    if (facts.kind === "refused") return [judgeRefusal(endpoint, facts.status)];
    return judgeGrafana(facts, settings.dashboardUid ?? "");
  } catch (error) {
    return [judgeSilence(endpoint, whyOf(error))];
  } finally {
    await client.close();
  }
};

/** Pure. */
export function judgeGrafana(
  { version, dashboard }: Pick<Extract<GrafanaFacts, { kind: "answered" }>, "version" | "dashboard">,
  dashboardUid: string,
): Line[] {
  const found = dashboard !== null && dashboard >= 200 && dashboard < 300;
  return [
    well(`Grafana${version === null ? "" : ` ${version}`} answers, and takes the login`),
    ...(dashboard === null || found
      ? []
      : [
          dashboard === 404
            ? wrong(
                `Grafana has no dashboard ${dashboardUid}.`,
                "Import deploy/grafana/aftershock.json, or correct grafana.dashboardUid: a dashboard's uid is in its address",
              )
            : unknown(`Whether Grafana has the dashboard ${dashboardUid} could not be seen: HTTP ${dashboard}.`),
        ]),
  ];
}

/** Where runs are sent as traces. */
export const traces: Check = async ({ environment }) => {
  const tracing = tracingWanted(environment);
  if (!tracing.on) return judgeTracing(tracing, null);
  const why = await acceptsConnection(tracing.endpoint, withinMs).then(() => null, whyOf);
  return judgeTracing(tracing, why);
};

/** `why`: nothing accepts the connection. Pure. */
export function judgeTracing(tracing: ReturnType<typeof tracingWanted>, why: string | null): Line[] {
  if (!tracing.on) {
    return tracing.reason === undefined
      ? []
      : [
          warning(
            `Runs are not sent as traces: ${tracing.reason}.`,
            "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
          ),
        ];
  }
  const { endpoint } = tracing;
  return [
    why === null
      ? well(`Something takes connections at ${endpoint}; whether it takes traces, the first run shows`)
      : wrong(
          `Nothing takes connections at ${endpoint}: ${why}.`,
          "Set OTEL_EXPORTER_OTLP_ENDPOINT to a collector's address, port 4318 unless it says otherwise",
        ),
  ];
}
