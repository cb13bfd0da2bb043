/**
 * The lab's PostgreSQL of CloudNativePG as a target, since it asks for TLS and a login. For `cnpg-failover` alone: the
 * experiments on storage go to the PostgreSQL under Patroni where nobody names a target.
 */
export function withLabTargets(config: Record<string, unknown>): Record<string, unknown> {
  const clusters = config["clusters"] as Record<string, object>;
  const target = { name: "orders", preset: "cloudnative-pg", instance: "orders", namespace: "cnpg" };
  const targets = [{ ...target, systems: ["cloudnative-pg"] }];
  return { ...config, clusters: { ...clusters, lab: { ...clusters["lab"], targets } } };
}
