/**
 * The parts of each system, as `selectors` and `access` of a target name them: servers that are found, or spoken to,
 * each in a way of its own.
 */
export const systemParts = {
  "redis-sentinel": ["redis", "sentinel"],
  etcd: ["etcd"],
  // `patroni` is its REST API, on the pods of `postgres`; `etcd` keeps its lock, where it is no other store;
  // `application` is the one that uses it, where a run has one.
  patroni: ["postgres", "patroni", "etcd", "application"],
  "cloudnative-pg": ["postgres", "application"],
  "postgres-io": ["postgres", "patroni", "etcd", "application"],
  "postgres-reschedule": ["postgres", "patroni", "etcd"],
  "postgres-backup": ["postgres", "patroni", "etcd"],
  "postgres-backup-check": ["postgres", "patroni", "etcd"],
  kafka: ["kafka", "controller"],
  rabbitmq: ["amqp"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type TargetSystem = keyof typeof systemParts;

export const targetSystems = Object.keys(systemParts) as TargetSystem[];

/** Parts of any of these systems, each once. */
export function partsOf(systems: readonly TargetSystem[]): string[] {
  return [...new Set<string>(systems.flatMap((system) => systemParts[system]))];
}
