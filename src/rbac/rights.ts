import type { Experiment } from "../experiment/schema.ts";
import type { Right, RightFor } from "./right.ts";
import { alwaysNeeded } from "./always.ts";
import { rightsOfFaults } from "./of-faults.ts";
import { rightsOfSystems } from "./of-systems.ts";

/** What of an experiment decides which rights it needs. */
export type Needing = Pick<Experiment, "name" | "system"> & { faults: ReadonlyArray<{ kind: string }> };

/** Every right that the code can ever use, whatever the catalogue. */
export const allRights: readonly RightFor[] = [...alwaysNeeded, ...rightsOfFaults, ...rightsOfSystems];

/** The rights that this catalogue may need, each with the experiments that need it; those that none needs are left out. */
export function rightsOf(catalogue: readonly Needing[]): Right[] {
  return allRights.flatMap(({ systems, kinds, ...right }): Right[] => {
    if (systems === undefined && kinds === undefined) return [{ ...right, experiments: null }];
    const needing = catalogue.filter(
      ({ system, faults }) => systems?.includes(system) === true || faults.some(({ kind }) => kinds?.includes(kind)),
    );
    return needing.length === 0 ? [] : [{ ...right, experiments: needing.map(({ name }) => name).toSorted() }];
  });
}

/** Those of the rights that are needed when only some experiments are enabled; null: all of them are. */
export function rightsFor(rights: readonly Right[], enabled: readonly string[] | null): Right[] {
  return rights.filter(
    ({ experiments }) =>
      enabled === null || experiments === null || experiments.some((experiment) => enabled.includes(experiment)),
  );
}

/** Those of an account inside of the cluster, which dials pods at their own addresses. */
export function rightsInside(rights: readonly Right[]): Right[] {
  return rights.filter(({ outside }) => outside !== true);
}
