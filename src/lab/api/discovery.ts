/** Discovery documents, all made from the resource table: the classic ones and the aggregated one (v2). */
import { mediaTypes } from "./accept.ts";
import type { Json } from "./json.ts";
import { apiVersionOf, resources, resourceVerbs } from "./resources.ts";
import type { Resource, Subresource } from "./resources.ts";
import { reviews as reviewKinds } from "./access/reviews.ts";

/** Kubernetes' version that the lab speaks. */
export const serverVersion = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+aftershock-lab",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "node",
  platform: `${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}`,
};

interface GroupVersion {
  group: string;
  version: string;
}

/** All group versions, core first. */
export function groupVersions(): GroupVersion[] {
  const seen = new Map<string, GroupVersion>();
  for (const { group, version } of [...resources, ...reviewKinds]) {
    seen.set(apiVersionOf({ group, version }), { group, version });
  }
  return [...seen.values()];
}

export function coreVersions(): Json {
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
}

export function groupList(): Json {
  const groups = groupVersions().filter(({ group }) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.map(groupEntry) };
}

/** One group, or undefined when there is no such. */
export function groupDocument(name: string): Json | undefined {
  const found = groupVersions().find(({ group }) => group === name && group !== "");
  return found === undefined ? undefined : { kind: "APIGroup", apiVersion: "v1", ...groupEntry(found) };
}

function groupEntry({ group, version }: GroupVersion): Json {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
}

/** The resources of a group version, or undefined when there is no such. */
export function resourceList(group: string, version: string): Json | undefined {
  if (!groupVersions().some((known) => known.group === group && known.version === version)) return undefined;
  const rows = resources.filter((row) => row.group === group && row.version === version);
  const reviews = reviewKinds.filter((row) => row.group === group && row.version === version);
  const list = [...rows.flatMap(classicEntries), ...reviews.map(reviewEntry)];
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersionOf({ group, version }), resources: list };
}

function classicEntries(row: Resource): Json[] {
  const { plural, singular, kind, shortNames, categories } = row;
  const namespaced = row.scope === "Namespaced";
  const own = { name: plural, singularName: singular, namespaced, kind, verbs: resourceVerbs, shortNames, categories };
  const below = row.subresources.map((name) => {
    const { verbs, response } = subresourceFacts(row, name);
    return { name: `${plural}/${name}`, singularName: "", namespaced, ...response, verbs };
  });
  return [own, ...below];
}

function reviewEntry({ plural, kind }: { plural: string; kind: string }): Json {
  return { name: plural, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ["create"] };
}

function subresourceFacts(row: Resource, name: Subresource): { verbs: string[]; response: GroupKind } {
  switch (name) {
    case "exec":
      return { verbs: ["create", "get"], response: { group: "", version: "v1", kind: "PodExecOptions" } };
    case "portforward":
      return { verbs: ["create", "get"], response: { group: "", version: "v1", kind: "PodPortForwardOptions" } };
    case "token":
      return { verbs: ["create"], response: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" } };
    case "log":
      return { verbs: ["get"], response: { group: "", version: "v1", kind: "Pod" } };
    case "eviction":
      return { verbs: ["create"], response: { group: "policy", version: "v1", kind: "Eviction" } };
    case "status":
      return {
        verbs: ["get", "patch", "update"],
        response: { group: row.group, version: row.version, kind: row.kind },
      };
  }
}

interface GroupKind {
  group: string;
  version: string;
  kind: string;
}

/** Media type of the aggregated document. */
export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

export function wantsAggregated(accept: string | undefined): boolean {
  return mediaTypes(accept ?? "").some(
    ({ parameters }) => parameters["as"] === "APIGroupDiscoveryList" && parameters["v"] === "v2",
  );
}

/** Everything under `/api` ("core") or `/apis` ("named") in one document. */
export function aggregated(which: "core" | "named"): Json {
  const wanted = groupVersions().filter(({ group }) => (group === "") === (which === "core"));
  const items = wanted.map(({ group, version }) => ({
    metadata: group === "" ? {} : { name: group },
    versions: [{ version, resources: aggregatedResources(group, version), freshness: "Current" }],
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResources(group: string, version: string): Json[] {
  const rows = resources.filter((row) => row.group === group && row.version === version);
  const reviews = reviewKinds.filter((row) => row.group === group && row.version === version);
  return [
    ...rows.map((row) => ({
      resource: row.plural,
      responseKind: { group, version, kind: row.kind },
      scope: row.scope,
      singularResource: row.singular,
      verbs: resourceVerbs,
      shortNames: row.shortNames,
      categories: row.categories,
      subresources: row.subresources.map((name) => {
        const { verbs, response } = subresourceFacts(row, name);
        return { subresource: name, responseKind: response, verbs };
      }),
    })),
    ...reviews.map(({ plural, kind }) => ({
      resource: plural,
      responseKind: { group, version, kind },
      scope: "Cluster",
      singularResource: kind.toLowerCase(),
      verbs: ["create"],
    })),
  ];
}
