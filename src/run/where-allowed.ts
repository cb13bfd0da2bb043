import { AftershockError } from "../errors.ts";
import type { Experiment, ParameterValue } from "../experiment/schema.ts";

/** What the configuration allows: `experiments.enabled` and `clusters.NAME.namespaces`. */
export interface Allowed {
  /** Names of experiments; null: every one of the catalogue. */
  experiments: readonly string[] | null;
  /** By cluster; a cluster that is not here may be used in every namespace. */
  namespaces: Readonly<Record<string, readonly string[]>>;
}

export const everythingAllowed: Allowed = { experiments: null, namespaces: {} };

export function isEnabled({ experiments }: Allowed, name: string): boolean {
  return experiments === null || experiments.includes(name);
}

/** Parameters that name a namespace: `namespace`, `appNamespace`, `backupNamespace`. */
const namesNamespace = /^namespace$|Namespace$/;
/** What a parameter that means none is set to. */
const none: ReadonlySet<string> = new Set(["", "none"]);

/**
 * Throws AftershockError `not_allowed` for an experiment that is not enabled, and for a namespace in which the cluster may
 * not be used. The accounts' rights are made from the same two lists, so that a run past them would only be refused later,
 * half done.
 */
export function refuseOutside(
  allowed: Allowed,
  run: {
    experiment: Pick<Experiment, "name">;
    cluster: string;
    parameters: Readonly<Record<string, ParameterValue>>;
  },
): void {
  const { name } = run.experiment;
  if (!isEnabled(allowed, name)) {
    throw new AftershockError(
      "not_allowed",
      `The experiment ${name} is not enabled here.`,
      "Whoever runs the bot adds it to experiments.enabled of the configuration and grants its rights: aftershock rbac --config FILE",
    );
  }
  const namespaces = Object.hasOwn(allowed.namespaces, run.cluster) ? allowed.namespaces[run.cluster] : undefined;
  if (namespaces === undefined) return;
  for (const [parameter, value] of Object.entries(run.parameters)) {
    if (!namesNamespace.test(parameter) || none.has(String(value)) || namespaces.includes(String(value))) continue;
    if (isUnused(parameter, run.parameters)) continue;
    throw new AftershockError(
      "not_allowed",
      `The cluster ${run.cluster} may not be used in the namespace ${String(value)} (${parameter}=).`,
      `It may in ${namespaces.join(", ")}. More are in clusters.${run.cluster}.namespaces of the configuration, with the rights of: aftershock rbac --config FILE`,
    );
  }
}

/** A namespace that the run will not look into: of an application that is left out, of backups that lie elsewhere. */
function isUnused(parameter: string, parameters: Readonly<Record<string, ParameterValue>>): boolean {
  if (parameter === "appNamespace") return parameters["application"] !== "on";
  return parameter === "backupNamespace" && parameters["source"] !== "pod";
}
