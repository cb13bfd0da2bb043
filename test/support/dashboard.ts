import { readFileSync } from "node:fs";

interface Panel {
  id: number;
  gridPos: Record<"x" | "y" | "w" | "h", number>;
  targets?: Array<{ expr: string }>;
}

/** deploy/grafana/aftershock.json, as far as tests look at it. */
export const dashboard = JSON.parse(
  readFileSync(new URL("../../deploy/grafana/aftershock.json", import.meta.url), "utf8"),
) as { annotations: { list: unknown[] }; panels: Panel[] };

/** Its queries as Prometheus gets them. */
export function dashboardQueries(): string[] {
  return dashboard.panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll("$__rate_interval", "1m"));
}
