/**
 * A partition as data: for one pod, which addresses it must not hear from (`in`) or speak to (`out`). `all` is every
 * address. Pure; `partitionRules` makes them from a NetworkChaos, `nftRuleset` writes them for nftables.
 */
export interface DropRule {
  /** `namespace/name` of the NetworkChaos. */
  source: string;
  direction: "in" | "out";
  addresses: readonly string[] | "all";
}

export interface Side {
  id: string;
  ip: string;
}

/**
 * What each pod drops. Chaos Mesh's reading of `direction`: `to` is OUTPUT on the selected pods and INPUT on the
 * targets, `from` the mirror, `both` both. Without target and external addresses the pod loses all traffic.
 */
export function partitionRules(
  source: string,
  direction: string,
  selected: readonly Side[],
  targets: readonly Side[],
  external: readonly string[],
): Map<string, DropRule[]> {
  const rules = new Map<string, DropRule[]>();
  const add = (pod: Side, way: "in" | "out", addresses: DropRule["addresses"]): void => {
    if (addresses.length > 0) rules.set(pod.id, [...(rules.get(pod.id) ?? []), { source, direction: way, addresses }]);
  };
  const ways =
    direction === "both" ? (["out", "in"] as const) : direction === "from" ? (["in"] as const) : (["out"] as const);
  const others = [...targets.map(({ ip }) => ip), ...external];
  for (const way of ways) {
    for (const pod of selected) add(pod, way, others.length === 0 ? "all" : others);
    for (const pod of targets)
      add(
        pod,
        way === "out" ? "in" : "out",
        selected.map(({ ip }) => ip),
      );
  }
  return rules;
}

/**
 * The pod's whole nftables ruleset as one transaction: the table is emptied and written anew, so applying it twice is
 * applying it once, and no rules means no table. Priority -300 (raw) is before connection tracking, so that
 * established connections are cut too.
 */
export function nftRuleset(rules: readonly DropRule[]): string {
  const clear = "add table inet chaos\ndelete table inet chaos\n";
  if (rules.length === 0) return clear;
  const chain = (hook: string, way: DropRule["direction"], key: string): string => {
    const lines = rules
      .filter((rule) => rule.direction === way)
      .map((rule) =>
        rule.addresses === "all"
          ? `    ${way === "in" ? "iifname" : "oifname"} "eth0" counter drop comment "${rule.source}"`
          : `    ip ${key} { ${[...new Set(rule.addresses)].join(", ")} } counter drop comment "${rule.source}"`,
      );
    return `  chain ${hook} {\n    type filter hook ${hook} priority -300; policy accept;\n${lines.join("\n")}\n  }`;
  };
  return `${clear}table inet chaos {\n${chain("input", "in", "saddr")}\n${chain("output", "out", "daddr")}\n}\n`;
}
