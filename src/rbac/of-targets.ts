import { lockObjectOf } from "../probes/patroni/lock-object.ts";
import { systemParts } from "../targets/parts.ts";
import { secretsOf, type Target } from "../targets/target.ts";
import { accounts, type Right } from "./right.ts";
import type { Needing } from "./rights.ts";

type Named = Pick<Target, "name" | "namespace" | "systems" | "access"> & Partial<Pick<Target, "parameters">>;

/**
 * What the configured targets of a cluster need: `get` on the Secrets that they name, and on the object that holds Patroni's
 * lock, each by its name, in their own namespace. Pure.
 */
export function rightsOfTargets(targets: readonly Named[], catalogue: readonly Needing[]): Right[] {
  return targets.flatMap((target) => {
    const own = catalogue.filter(({ system }) => target.systems.includes(system));
    return [...rightsToSecrets(target, own), ...rightsToLock(target, own)];
  });
}

/**
 * RBAC cannot tell a Secret's keys apart (kubernetes.io, Using RBAC Authorization): whoever may read one of them may read
 * all, which the reason says.
 */
function rightsToSecrets(target: Named, own: readonly Needing[]): Right[] {
  const { name, namespace } = target;
  const resourceNames = secretsOf(target);
  if (resourceNames.length === 0 || own.length === 0) return [];
  return accounts.map((account) => ({
    id: `${account}-secrets-${name}`,
    account,
    where: "secrets",
    namespace,
    apiGroup: "",
    resources: ["secrets"],
    resourceNames,
    verbs: ["get"],
    why: `Reads the logins and certificates of the target ${name}; of each Secret every key can then be read.`,
    experiments: namesOf(own),
  }));
}

/** Only the worker looks at the lock: the bot plans without it. */
function rightsToLock({ name, namespace, parameters = {} }: Named, own: readonly Needing[]): Right[] {
  const object = lockObjectOf(parameters);
  const readers = own.filter(({ system }) => systemsWithPatroni.includes(system));
  if (object === null || readers.length === 0) return [];
  return [
    {
      id: `worker-lock-${name}`,
      account: "worker",
      where: "lock",
      namespace,
      apiGroup: "",
      resources: [object.kind === "Endpoints" ? "endpoints" : "configmaps"],
      resourceNames: [object.name],
      verbs: ["get"],
      why: `Reads who holds Patroni's leader lock of the target ${name}, which Patroni keeps in annotations of that object.`,
      experiments: namesOf(readers),
    },
  ];
}

const systemsWithPatroni: readonly string[] = Object.entries(systemParts).flatMap(([system, parts]) =>
  parts.some((part) => part === "patroni") ? [system] : [],
);

function namesOf(experiments: readonly Needing[]): string[] {
  return experiments.map(({ name }) => name).toSorted();
}
