import type { ClusterScope } from "../cluster/port.ts";
import type { Config } from "../config/schema.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import type { Experiment } from "../experiment/schema.ts";
import { isEnabled, type Allowed } from "../run/where-allowed.ts";

interface Asked extends Pick<Config, "experiments"> {
  clusters: Readonly<Record<string, Pick<Config["clusters"][string], "namespaces">>>;
}

/** What the configuration allows. Throws AftershockError `bad_config` for an enabled experiment that there is not. */
export function allowedOf(
  config: Asked,
  catalogue: ReadonlyArray<Pick<Experiment, "name">>,
  /** Where the names stand, for the error. */
  where = "experiments.enabled",
): Allowed {
  const names = catalogue.map(({ name }) => name);
  const enabled = config.experiments.enabled ?? null;
  for (const name of enabled ?? []) {
    if (names.includes(name)) continue;
    const close = nearest(name, names);
    throw new AftershockError(
      "bad_config",
      `${where}: there is no experiment "${name}".`,
      close === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${close}?`,
    );
  }
  const namespaces = Object.entries(config.clusters).flatMap(([name, { namespaces: own }]) =>
    own === undefined ? [] : [[name, own] as const],
  );
  return { experiments: enabled, namespaces: Object.fromEntries(namespaces) };
}

/** The part of a cluster that is used: what `aftershock rbac` gives rights to. */
export function scopeOf(allowed: Allowed, cluster: string, catalogue: readonly Experiment[]): ClusterScope {
  const enabled = catalogue.filter(({ name }) => isEnabled(allowed, name));
  return {
    namespaces: allowed.namespaces[cluster] ?? null,
    nodes: enabled.some(({ faults }) => faults.some(({ kind }) => kind === "Cordon")),
  };
}
