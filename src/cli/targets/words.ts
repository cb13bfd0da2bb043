import { Document } from "yaml";
import { dayOf } from "../../targets/certificates.ts";
import { isComplete, type LocalLook, type PartLook, type SecretLook, type TargetLook } from "../../targets/look.ts";
import type { Discovered, Discoveries } from "./discover-in.ts";
import type { ClusterLook } from "./look-at-configured.ts";

/** More names than this say no more. */
const mostNamed = 6;

function someOf(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return [...names.slice(0, mostNamed), ...(more > 0 ? [`and ${more} more`] : [])].join(", ");
}

/** What was seen of a cluster's targets, as lines. Pure. */
export function clusterText({ cluster, targets, others }: ClusterLook): string {
  const none = `${cluster} has no targets: clusters.${cluster}.targets of the configuration\n`;
  const also = others.map(
    ({ preset, instance, namespace }) =>
      `Also in ${namespace}: ${instance}, by ${preset}. What to write: aftershock targets discover -n ${namespace}\n`,
  );
  return `${targets.length === 0 ? none : targets.map((target) => targetText(cluster, target)).join("\n")}${also.join("")}`;
}

function targetText(cluster: string, target: TargetLook): string {
  const { name, namespace, systems, parts, secrets, locals, certificates } = target;
  const state = isComplete(target) ? "all there" : "NOT ALL THERE";
  const width = Math.max(0, ...parts.map(({ part }) => part.length));
  return [
    `${name} on ${cluster}, in ${namespace}: ${systems.join(", ")}: ${state}`,
    ...parts.map((part) => `  ${part.part.padEnd(width)}  ${podsText(part)}`),
    ...(parts.length === 0 ? ["  pods are found by the labels of the experiments' own parameters"] : []),
    ...secrets.map((secret) => `  ${secretText(secret)}, for ${secret.uses.join(", ")}`),
    ...locals.map((local) => `  ${localText(local)}, for ${local.uses.join(", ")}`),
    ...certificates.map((one) => `  ${certificatesText(one)}`),
    "",
  ].join("\n");
}

function podsText({ selector, pods, why }: PartLook): string {
  if (pods === null) return `unknown: ${why ?? ""} (${selector})`;
  if (pods.length === 0) return `NO PODS (${selector})`;
  const unready = pods.filter(({ ready }) => !ready).map(({ name }) => name);
  const told = unready.length === 0 ? "" : `; not ready: ${someOf(unready)}`;
  return `${pods.length} ${pods.length === 1 ? "pod" : "pods"}: ${someOf(pods.map(({ name }) => name))}${told} (${selector})`;
}

function secretText({ secret, key, state, why }: SecretLook): string {
  const told = { there: "there", "no such key": "NO SUCH KEY", "no such Secret": "NO SUCH SECRET", unknown: "unknown" }[
    state
  ];
  return `Secret ${secret}, key ${key}: ${told}${why === undefined ? "" : `: ${why}`}`;
}

function localText({ kind, name, why }: LocalLook): string {
  return `${kind} ${name}: ${why === null ? "there" : `NOT HERE: ${why.replace(/\.$/, "")}`}`;
}

function certificatesText({ part, problems, untilMs }: TargetLook["certificates"][number]): string {
  const told = problems.map(({ key, why }) => `tls.${key} ${why}`).join("; ");
  if (told !== "") return `certificates of ${part}: CANNOT BE USED: ${told}`;
  return `certificates of ${part}: good${untilMs === null ? "" : ` until ${dayOf(untilMs)}`}`;
}

/** What was discovered, as YAML to put under `clusters.NAME`, with what is to be known of it in comments. Pure. */
export function discoveredText({ cluster, namespaces, found, unserved }: Discoveries): string {
  const where = namespaces.join(", ");
  const comments = (lines: readonly string[]): string => lines.map((line) => `# ${line}\n`).join("");
  const refused = unserved.map(
    ({ operator, instance, namespace, why }) =>
      `${instance} in ${namespace} (${operator}) is served by no preset: ${why}.`,
  );
  if (found.length === 0) {
    const known =
      "Recognised are pods of the operators and charts in docs/presets.md; of others, write selectors and access.";
    return comments([`Nothing in ${where} of ${cluster} was recognised by its labels.`, ...refused, known]);
  }
  const head = [
    `Recognised in ${where} of ${cluster}, by labels. Put it under clusters.NAME of the configuration; then:`,
  ];
  const next = [
    "  aftershock targets --config aftershock.yaml                           is all of it there?",
    "  aftershock rbac --config aftershock.yaml | kubectl apply -f -         the rights, with those to read the Secrets",
  ];
  const targets = found.map((one) => `${comments(aboutText(one))}${listed(one)}`.replaceAll(/^/gm, "  ").trimEnd());
  return `${comments([...head, ...next])}targets:\n${targets.join("\n")}\n${comments(refused)}`;
}

const otherLogin = "Another login is written in access, or login: none where there is none: docs/presets.md";

function aboutText({ target, title, pods, experiments, secrets, alsoThere }: Discovered): string[] {
  const missing = secrets.filter(({ state }) => state === "no such Secret" || state === "no such key");
  return [
    `${title}: ${someOf(pods)}`,
    `Experiments: ${experiments.join(", ")}`,
    ...secrets.map(secretText),
    ...new Set(missing.map(({ ifMissing }) => ifMissing ?? otherLogin)),
    ...(secrets.length === 0 ? ["No login is known of it: one that it asks for is written in access"] : []),
    ...alsoThere.map(
      (transport) => `Certificates for ${transport} are there, too: where it is on, add transport: ${transport}`,
    ),
    `First: /chaos run ${experiments[0] ?? ""} target=${target.name}`,
  ];
}

function listed({ target }: Discovered): string {
  return new Document([target]).toString({ lineWidth: 0 });
}
