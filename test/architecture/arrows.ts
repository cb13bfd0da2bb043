import type { Import } from "./imports.ts";

/**
 * Which room may import from which (DESIGN.md, One way through). `types` allows `import type` only. A room may always
 * import from itself, from src/errors.ts, src/join-signals.ts, src/redact.ts and src/unreached.ts.
 */
type Access = "all" | "types";
const commonFiles = ["errors", "join-signals", "redact", "unreached"];

export const arrows: Readonly<Record<string, Readonly<Record<string, Access>>>> = {
  commands: { run: "all", slack: "all", experiment: "all", gameday: "all" },
  run: {
    experiment: "all",
    probes: "all",
    targets: "all",
    cluster: "all",
    findings: "all",
    store: "all",
    approvals: "all",
    audit: "types",
  },
  slack: {
    run: "types",
    "run/lifecycle": "all",
    "run/alarms/alarm": "all",
    "run/channels/verbosity": "all",
    "run/channels/no-channel": "all",
    "run/actions/due": "all",
    "run/actions/rules": "all",
    // Its pure model: the board is drawn from what the events come to.
    gameday: "all",
    findings: "all",
    probes: "types",
    experiment: "all",
    store: "all",
    config: "types",
    health: "types",
    // The policy's pure words and the directory's port: who decides is written once, for answers and explanations.
    approvals: "all",
  },
  gameday: {
    run: "all",
    store: "all",
    experiment: "all",
    findings: "types",
    "findings/markdown-table": "all",
    approvals: "all",
  },
  findings: { probes: "all", experiment: "all" },
  probes: { experiment: "all" },
  experiment: {},
  cluster: { probes: "types" },
  // What the halt's ConfigMap, Chaos Mesh's children and Patroni's lock are called is written once.
  rbac: {
    experiment: "types",
    cluster: "all",
    "run/halt/latch": "all",
    "run/ladder/stuck": "all",
    "probes/patroni/lock-object": "all",
    "targets/parts": "all",
    "targets/target": "all",
  },
  approvals: {},
  audit: {},
  // The lifecycle is vocabulary: a pure file of words that the database's queries share.
  store: {
    run: "types",
    "run/lifecycle": "all",
    cluster: "types",
    audit: "types",
    approvals: "types",
    gameday: "types",
    "gameday/events": "all",
  },
  queue: {},
  // Looks on: rooms have ports for whoever looks on, and know nothing of what is counted.
  metrics: { run: "types", slack: "types", queue: "types", store: "types", health: "types" },
  // Parts, mechanisms and presets are words that the configuration is checked by.
  config: {
    experiment: "all",
    "probes/access": "all",
    "targets/parts": "all",
    "targets/presets": "all",
    "targets/presets/preset": "all",
    "targets/target": "all",
  },
  targets: { probes: "types", "probes/patroni/lock-object": "all", experiment: "all" },
  health: {},
  // Runs shown in Grafana and as traces: a projection of their events.
  telemetry: { run: "types", "run/lifecycle": "all", store: "all", "watch/endpoint": "types" },
  // Prometheus and Alertmanager, asked by HTTP.
  watch: { run: "types", config: "types" },
  lab: {},
  compose: { "*": "all" },
  cli: { "*": "all" },
  main: { "*": "all" },
  embedded: { lab: "all", store: "all", "run/lifecycle": "all", terminal: "all" },
  terminal: {},
};

/** Only one room may use these packages. */
export const packageOwners: Readonly<Record<string, readonly string[]>> = {
  "@kubernetes/client-node": ["cluster", "lab"],
  "@slack/bolt": ["slack"],
  "@slack/web-api": ["slack", "compose"],
  amqplib: ["probes"],
  bullmq: ["queue"],
  "cron-parser": ["run"],
  "@opentelemetry/api": ["telemetry"],
  "@opentelemetry/exporter-trace-otlp-proto": ["telemetry"],
  "@opentelemetry/resources": ["telemetry"],
  "prom-client": ["metrics", "compose"],
  pg: ["store", "slack", "embedded", "probes", "lab"],
  "@aws-sdk/client-s3": ["probes"],
};

export function roomOf(file: string): string {
  const [first = "", second = ""] = file.split("/");
  return first === "src" ? second.replace(/\.ts$/, "") : first;
}

/** Imports against the arrows, as sentences. */
export function violations(imports: readonly Import[]): string[] {
  return imports.flatMap((entry) => {
    const from = roomOf(entry.from);
    if (!entry.ours) {
      const owners = packageOwners[entry.to];
      return owners === undefined || owners.includes(from) || entry.typeOnly
        ? []
        : [`${entry.from} uses ${entry.to}, which only ${owners.join(" and ")} may`];
    }
    const to = roomOf(entry.to);
    if (from === to || commonFiles.includes(to)) return [];
    const allowed = arrows[from];
    if (allowed === undefined) return [`${entry.from} is in the unknown room ${from}`];
    const file = entry.to.replace(/^src\//, "").replace(/\.ts$/, "");
    const access = allowed["*"] ?? allowed[file] ?? allowed[to];
    if (access === "all" || (access === "types" && entry.typeOnly)) return [];
    return [`${entry.from} imports ${entry.to}${entry.typeOnly ? " (types)" : ""} against the arrows`];
  });
}
