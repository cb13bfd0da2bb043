import { readFile } from "node:fs/promises";
import type { Cluster } from "../cluster/port.ts";
import type { Config } from "../config/schema.ts";
import { readSecret, type Environment } from "../config/secret.ts";
import { AftershockError } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Hiding } from "../redact.ts";
import type { Registry } from "../run/systems.ts";
import { refuseWrongParameters } from "../targets/check-parameters.ts";
import { openAccess } from "../targets/open-access.ts";
import type { LocalRef, SecretRef, Target } from "../targets/target.ts";

/**
 * What the registry knows of the configured targets, with the environment that holds some of their secrets. Those that
 * are read are learnt by `hiding`.
 */
export function composeTargets(
  { clusters }: Pick<Config, "clusters">,
  environment: Environment,
  hiding: Hiding,
): Pick<Registry, "targets" | "access" | "hide"> {
  return {
    hide: (value) => hiding.hide(value),
    targets: (cluster) => (Object.hasOwn(clusters, cluster) ? (clusters[cluster]?.targets ?? []) : []),
    access: (cluster, target, tools) => {
      const way = cluster.openWay(tools);
      const { signal } = tools;
      const access = openAccess(target, {
        reach: way.reach,
        learn: (secret) => hiding.learn(secret),
        readSecret: (ref, namespace) => readSecretRef(ref, { cluster, namespace, environment, signal }),
      });
      return { access, way };
    },
  };
}

/** Every target of the configuration, whichever cluster it is on. */
export function allTargets({ clusters }: Pick<Config, "clusters">): Target[] {
  return Object.values(clusters).flatMap(({ targets }) => targets);
}

/** Throws AftershockError `bad_config` for a target's parameter that means nothing to these experiments. */
export function refuseWrongTargets({ clusters }: Pick<Config, "clusters">, experiments: readonly Experiment[]): void {
  const targets = Object.entries(clusters).map(([name, cluster]) => [name, cluster.targets] as const);
  refuseWrongParameters(Object.fromEntries(targets), experiments);
}

async function readSecretRef(
  ref: SecretRef,
  where: { cluster: Cluster; namespace: string; environment: Environment; signal: AbortSignal },
): Promise<string> {
  if (!("secret" in ref)) return readLocalRef(ref, where.environment);
  const { namespace } = where;
  const values = await where.cluster.getSecret(namespace, ref.secret, where.signal);
  const value = values?.[ref.key];
  if (value !== undefined) return value;
  if (values !== null) {
    const why = `the Secret ${ref.secret} in ${namespace} has no key ${ref.key}`;
    throw unreadable(why, `Look: kubectl describe secret ${ref.secret} -n ${namespace}`);
  }
  const known = ref.ifMissing === undefined ? "" : `${ref.ifMissing} `;
  throw unreadable(
    `there is no Secret ${ref.secret} in ${namespace}`,
    `${known}Look: kubectl get secrets -n ${namespace}`,
  );
}

/** What a variable or a file of this machine holds. Rejects with AftershockError `secret_unreadable`, or `bad_config`. */
export async function readLocalRef(ref: LocalRef, environment: Environment): Promise<string> {
  if ("variable" in ref) {
    const value = readSecret(environment, ref.variable);
    if (value !== undefined) return value;
    throw unreadable(`${ref.variable} is not set`, `Set ${ref.variable}, or ${ref.variable}_FILE=/run/secrets/…`);
  }
  try {
    return (await readFile(ref.file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw unreadable(`${ref.file} cannot be read (${code})`, "Name a file that this user may read.");
  }
}

function unreadable(why: string, hint: string): AftershockError {
  return new AftershockError("secret_unreadable", `A secret of the target cannot be read: ${why}.`, hint);
}
