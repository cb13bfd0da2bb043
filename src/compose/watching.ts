import type { LoadedConfig } from "../config/load.ts";
import type { ClusterWatching } from "../run/watching/watches.ts";
import { askAlertmanager } from "../watch/ask-alertmanager.ts";
import { askPrometheus } from "../watch/ask-prometheus.ts";
import { openEndpoint } from "../watch/endpoint.ts";

/** The part of a configuration that it needs, of the service as of a pipeline. */
export interface WatchingConfig {
  config: Pick<LoadedConfig["config"], "clusters">;
  secrets: Pick<LoadedConfig["secrets"], "watching">;
}

export interface Watching {
  of(cluster: string): ClusterWatching | null;
  close(): Promise<void>;
}

/** What watches the runs of each cluster: its own conditions, and whom to ask. Connects when it is first asked. */
export function composeWatching({ config, secrets }: WatchingConfig): Watching {
  const closing: Array<() => Promise<void>> = [];
  const open = (endpoint: Parameters<typeof openEndpoint>[0] | undefined) => {
    if (endpoint === undefined) return null;
    const client = openEndpoint(endpoint);
    closing.push(client.close);
    return client;
  };
  const made = new Map<string, ClusterWatching>(
    Object.entries(config.clusters).map(([name, cluster]) => {
      const endpoints = secrets.watching?.[name] ?? {};
      const prometheus = open(endpoints.prometheus);
      const alertmanager = open(endpoints.alertmanager);
      const watching: ClusterWatching = {
        conditions: cluster.stopConditions,
        has: { prometheus: prometheus !== null, alertmanager: alertmanager !== null },
        everyMs: cluster.watch.every,
        answerWithinMs: cluster.watch.answerWithin,
        ask: async (ask, signal) => {
          if (ask.of === "prometheus" && prometheus !== null) return askPrometheus(prometheus, ask.query, signal);
          if (ask.of === "alertmanager" && alertmanager !== null) {
            return askAlertmanager(alertmanager, ask.filters, signal);
          }
          throw new Error(`${ask.of} is not configured`);
        },
      };
      return [name, watching];
    }),
  );
  return {
    of: (cluster) => made.get(cluster) ?? null,
    close: async () => void (await Promise.allSettled(closing.map((close) => close()))),
  };
}
