import { readFileSync } from "node:fs";
import { parseAllDocuments, stringify } from "yaml";
import type { Rendered } from "../../support/helm.ts";

/** Kinds that a cluster has and the lab does not serve. */
const notInTheLab: ReadonlySet<string> = new Set(["NetworkPolicy", "PodDisruptionBudget", "Job", "ServiceMonitor"]);

/** Where the pages' objects go; roles in a namespace such as `database` would only start its servers in the lab. */
const namespaces: ReadonlySet<string | undefined> = new Set(["aftershock", "cache", undefined]);

/**
 * Manifests as far as the lab goes: without the kinds that it does not serve, and with pods that sleep, since it runs this
 * machine's programs and no images. Names, labels, replicas, accounts and rights are those of the manifests.
 */
export function forLab(objects: readonly Rendered[]): string {
  return objects
    .filter(({ kind, metadata }) => !notInTheLab.has(kind) && namespaces.has(metadata.namespace))
    .map((object) => stringify(sleeping(object)))
    .join("---\n");
}

/** The same of a file of manifests. */
export function labPartOf(path: string): string {
  return forLab(
    parseAllDocuments(readFileSync(path, "utf8")).flatMap((document) => (document.toJS() as Rendered | null) ?? []),
  );
}

interface Pod {
  metadata: object;
  spec: { containers: Array<{ name: string }>; serviceAccountName?: string };
}

function sleeping(object: Rendered): object {
  if (object.kind !== "Deployment" && object.kind !== "StatefulSet") return object;
  const { template } = object.spec as { template: Pod };
  const containers = template.spec.containers.map(({ name }) => ({
    name,
    image: "lab",
    command: ["sleep", "infinity"],
  }));
  const { serviceAccountName } = template.spec;
  return { ...object, spec: { ...object.spec, template: { ...template, spec: { serviceAccountName, containers } } } };
}
