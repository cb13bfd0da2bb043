import { counted } from "../../../findings/words.ts";
import { dayOf } from "../../../targets/certificates.ts";
import { lookAt, type LocalLook, type PartLook, type SecretLook, type TargetLook } from "../../../targets/look.ts";
import { withLookTools } from "../../targets/look-at-configured.ts";
import type { ClusterCheck } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";

/** Certificates that end sooner are told, so that there is time to renew them. */
export const renewWithinMs = 14 * 24 * 3600_000;

/** The targets that the configuration describes: their pods, Secrets, variables, files and certificates. */
export const describedTargets: ClusterCheck = async ({ environment }, { name, settings }) => {
  const { targets } = settings;
  if (targets.length === 0) return [];
  const looks = await withLookTools(name, settings, environment, (tools) =>
    Promise.all(targets.map((target) => lookAt(target, tools))),
  );
  return looks.flatMap((look) => judgeDescribed(look, name, Date.now()));
};

/** One line for a target that has everything, one for each thing that it has not. Pure. */
export function judgeDescribed(look: TargetLook, cluster: string, nowMs: number): Line[] {
  const where = { look, key: `clusters.${cluster}.targets, ${look.name}` };
  const lines = [
    ...look.parts.flatMap((part) => judgePart(part, where)),
    ...look.secrets.flatMap((secret) => judgeSecret(secret, where)),
    ...look.locals.flatMap((local) => judgeLocal(local, where)),
    ...look.certificates.flatMap((one) => judgeCertificatesOf(one, where, nowMs)),
  ];
  return lines.length > 0 ? lines : [well(summaryOf(look))];
}

interface Where {
  look: TargetLook;
  /** Where it is written. */
  key: string;
}

function judgePart({ part, selector, pods, why }: PartLook, { look, key }: Where): Line[] {
  const { name, namespace } = look;
  const list = `kubectl get pods -n ${namespace} -l '${selector}'`;
  if (pods === null)
    return [unknown(`Target ${name}: its pods of ${part} could not be looked for: ${why ?? ""}`, list)];
  const correct = `${list}\nWhere they are called otherwise: selectors.${part} (${key}), or instance of its preset`;
  if (pods.length === 0) {
    return [wrong(`Target ${name} finds no pod of ${part} in ${namespace}, by ${selector}.`, correct)];
  }
  const unready = pods.filter(({ ready }) => !ready).map((pod) => pod.name);
  if (unready.length === pods.length) {
    return [wrong(`Target ${name}: no pod of ${part} is ready, of ${unready.join(", ")}.`, list)];
  }
  return unready.length === 0
    ? []
    : [warning(`Target ${name}: of ${part} these pods are not ready: ${unready.join(", ")}.`, list)];
}

/** `access.redis.password and access.sentinel.password` */
function keysOf(uses: readonly string[]): string {
  return uses.map((use) => `access.${use.replace(" ", ".")}`).join(" and ");
}

function judgeSecret(
  { secret, key: secretKey, ifMissing, uses, state, why }: SecretLook,
  { look, key }: Where,
): Line[] {
  const { name, namespace } = look;
  const elsewhere = `Where it is called otherwise: ${keysOf(uses)} (${key})`;
  switch (state) {
    case "there":
      return [];
    case "no such Secret":
      return [
        wrong(
          `Target ${name}: there is no Secret ${secret} in ${namespace}, for ${uses.join(", ")}.`,
          [`kubectl get secrets -n ${namespace}`, ifMissing, elsewhere].filter((line) => line !== undefined).join("\n"),
        ),
      ];
    case "no such key":
      return [
        wrong(
          `Target ${name}: the Secret ${secret} in ${namespace} has no key ${secretKey}, for ${uses.join(", ")}.`,
          `kubectl describe secret ${secret} -n ${namespace}\n${elsewhere}`,
        ),
      ];
    case "unknown":
      return [unknown(`Target ${name}: the Secret ${secret}, key ${secretKey}, could not be read: ${why ?? ""}`)];
  }
}

function judgeLocal({ kind, name, uses, why }: LocalLook, { look, key }: Where): Line[] {
  if (why === null) return [];
  const set = kind === "file" ? `ls -l ${name}` : `export ${name}=… or ${name}_FILE=/run/secrets/…`;
  return [
    wrong(
      // What follows "password:" is taken for one, and left out.
      `Target ${look.name}: ${why} It is for ${uses.join(", ")}.`,
      `Where the worker runs: ${set}\nWhere it is called otherwise: ${keysOf(uses)} (${key})`,
    ),
  ];
}

function judgeCertificatesOf(
  { part, problems, untilMs }: TargetLook["certificates"][number],
  { look, key }: Where,
  nowMs: number,
): Line[] {
  const { name } = look;
  if (problems.length > 0) {
    return problems.map((one) =>
      wrong(
        `Target ${name}: tls.${one.key} of ${part} ${one.why}.`,
        `Put a good one there, or name another: access.${part}.tls.${one.key} (${key})`,
      ),
    );
  }
  if (untilMs === null || untilMs - nowMs > renewWithinMs) return [];
  return [
    warning(
      `Target ${name}: a certificate in access.${part}.tls ends on ${dayOf(untilMs)}.`,
      `Renew it where access.${part}.tls (${key}) names it`,
    ),
  ];
}

function summaryOf({ name, namespace, systems, parts, secrets, locals, certificates }: TargetLook): string {
  const ends = certificates.flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]));
  const found = parts.map(({ part, pods }) => `${counted(pods?.length ?? 0, "pod")} of ${part}`);
  return [
    `Target ${name} (${systems.join(", ")}, in ${namespace}): ${found.join(", ") || "pods by the experiments' own labels"}`,
    ...(secrets.length === 0 ? [] : [`${counted(secrets.length, "key")} of Secrets readable`]),
    ...(locals.length === 0 ? [] : [`${counted(locals.length, "variable or file", "variables or files")} readable`]),
    ...(ends.length === 0 ? [] : [`certificates good until ${dayOf(Math.min(...ends))}`]),
  ].join("; ");
}
