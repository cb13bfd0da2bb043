import type { Experiment } from "../../../experiment/schema.ts";
import type { AskedCluster } from "../asked.ts";

/** The kinds of faults that these experiments inject. Pure. */
export function kindsOf(experiments: ReadonlyArray<Pick<Experiment, "faults">>): ReadonlySet<string> {
  return new Set(experiments.flatMap(({ faults }) => faults.map(({ kind }) => kind)));
}

/**
 * Where these experiments look for their targets: in the cluster's namespaces, or where its targets are, or else where they look
 * when nobody says anything. Pure.
 */
export function targetNamespaces(
  { namespaces, targets }: Pick<AskedCluster["settings"], "namespaces" | "targets">,
  experiments: ReadonlyArray<Pick<Experiment, "parameters">>,
): string[] {
  if (namespaces !== undefined) return namespaces;
  const described = targets.map(({ namespace }) => namespace);
  const byDefault = experiments.flatMap(({ parameters }) => {
    const value = parameters["namespace"]?.default;
    return value === undefined ? [] : [String(value)];
  });
  return [...new Set(described.length > 0 ? described : byDefault)];
}
