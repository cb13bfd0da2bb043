import { counted, queued, sources, stored, type MetricDefinition } from "./definitions.ts";

const intro = `# Metrics

Bot and worker serve Prometheus' text format at \`/metrics\` of their health port (\`health.port\`, 8080). The Helm chart's
\`serviceMonitor.enabled\` has the Prometheus Operator scrape both; for a plain Prometheus every pod's health port is a target.

Alerts on what must not stay (a fault longer than planned, a cleanup that is not verified, a stuck outbox, a halt) are in
\`deploy/helm/aftershock/files/alerts.yaml\`, a rule file as it is; the chart's \`prometheusRule.enabled\` installs them. A dashboard for Grafana is
\`deploy/grafana/aftershock.json\` ([watching.md](watching.md#runs-in-grafana)).

A scrape asks PostgreSQL and Redis for at most 2 s. What does not answer by then has **no series**, not zeros, and
\`aftershock_database_up\` or \`aftershock_queue_up\` is 0.

Names of runs are labels only of series that end with the run. \`process_…\` and \`nodejs_…\` (the event loop's lag, memory,
garbage collection) are those of prom-client.
`;

/** docs/metrics.md. */
export function referenceMarkdown(): string {
  return [
    intro,
    part(
      "What is stored",
      "Read from PostgreSQL and Redis: every bot and every worker says the same. Take one of them, e.g. " +
        "`max without (instance, pod, job) (aftershock_halted)`; a sum would count everything several times.",
      { ...sources, ...stored, ...queued },
    ),
    part(
      "What a process has counted",
      "Since it began: `sum(rate(aftershock_commands_total[5m]))`. Commands and interactions are counted by the bot, what " +
        "belongs to runs by the worker, calls to Slack by both (a worker looks approvers up).",
      counted,
    ),
  ].join("\n");
}

function part(title: string, text: string, definitions: Readonly<Record<string, MetricDefinition>>): string {
  const rows = Object.values(definitions).map(
    ({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
  );
  return [
    `## ${title}`,
    "",
    text,
    "",
    "| name | type | labels | what |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
