import { Document, isMap, isSeq } from "yaml";
import { groundObjects, objectsOf, rolesFor, type Grounds } from "./manifests.ts";
import type { Right } from "./right.ts";

/** Manifests as YAML for `kubectl apply -f -`, with the reason above each rule. Pure. */
export function printManifests(rights: readonly Right[], grounds: Grounds, head: string): string {
  const roles = rolesFor(rights, grounds).flatMap((role) => {
    const [manifest, binding] = objectsOf(role, grounds);
    const document = new Document(manifest);
    const rules = document.get("rules");
    if (isSeq(rules)) {
      rules.items.forEach((rule, at) => {
        const right = role.rights[at];
        if (!isMap(rule) || right === undefined) return;
        rule.commentBefore = ` ${reason(right)}`;
        for (const { value } of rule.items) if (isSeq(value)) value.flow = true;
      });
    }
    return [text(document), text(new Document(binding))];
  });
  const objects = groundObjects(grounds).map((object) => text(new Document(object)));
  return `${head
    .split("\n")
    .map((line) => `# ${line}`.trimEnd())
    .join("\n")}\n${[...objects, ...roles].join("---\n")}`;
}

/** The rights as values of the Helm chart, for a catalogue other than its own, and for what targets name. Pure. */
export function printHelmValues(
  rights: readonly Right[],
  values: { ofTargets: readonly Right[]; namespaces: readonly string[] | null; enabled: readonly string[] | null },
): string {
  const { ofTargets, namespaces, enabled } = values;
  return text(
    new Document({
      rbac: {
        rights: rights.map(chartRight),
        secrets: ofTargets.filter(({ where }) => where === "secrets").map(chartRight),
        locks: ofTargets.filter(({ where }) => where === "lock").map(chartRight),
      },
      ...(namespaces === null ? {} : { targetNamespaces: namespaces }),
      ...(enabled === null ? {} : { experiments: { enabled } }),
    }),
  );
}

/** A right as the chart's template reads it (deploy/helm/aftershock/templates/rbac.yaml). */
export function chartRight(right: Right): object {
  const { id, account, where, namespace, apiGroup, resources, resourceNames, verbs, experiments } = right;
  return {
    id,
    why: reason(right),
    account,
    where,
    ...(namespace === undefined ? {} : { namespace }),
    experiments: experiments === null ? [] : [...experiments],
    rule: {
      apiGroups: [apiGroup],
      resources: [...resources],
      ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
      verbs: [...verbs],
    },
  };
}

function reason({ why, onlyThen, verbs }: Right): string {
  if (onlyThen === undefined) return why;
  const which = onlyThen.verbs.length === verbs.length ? "Used" : `${onlyThen.verbs.join(", ")}: used`;
  return `${why} ${which} only when ${onlyThen.when}.`;
}

function text(document: Document): string {
  return document.toString({ lineWidth: 0 });
}
