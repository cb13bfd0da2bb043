import type { PoolFigures } from "./pool.ts";

/** What was answered so far: `GET /api/health 200` and how often. */
export type Answered = ReadonlyMap<string, number>;

const gauges = ["total", "active", "idle", "connecting", "waiting"] as const;
const counters = [
  ["created", "api_db_pool_connections_created_total", "Connections established"],
  ["broken", "api_db_pool_connections_broken_total", "Connections lost"],
  ["connectErrors", "api_db_pool_connect_errors_total", "Attempts to get a connection that failed"],
] as const;

/** The pool and the answers in Prometheus' text format, version 0.0.4. */
export function metricsText(figures: PoolFigures, answered: Answered): string {
  const lines = ["# HELP api_db_pool_connections Connections of the pool now", "# TYPE api_db_pool_connections gauge"];
  for (const state of gauges) lines.push(`api_db_pool_connections{state="${state}"} ${figures[state]}`);
  for (const [field, name, help] of counters) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`, `${name} ${figures[field]}`);
  }
  lines.push("# HELP api_http_requests_total Answers", "# TYPE api_http_requests_total counter");
  for (const [key, times] of answered) {
    const [method = "", path = "", status = ""] = key.split(" ");
    lines.push(`api_http_requests_total{method="${method}",path="${path}",status="${status}"} ${times}`);
  }
  return `${lines.join("\n")}\n`;
}
