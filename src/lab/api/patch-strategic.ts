/**
 * Strategic merge patch for built-in kinds: lists of objects are merged by their key instead of replaced.
 * Directives: `$patch: delete|replace`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`, `$retainKeys`.
 * Keys: the patchMergeKey tags of k8s.io/api for the kinds that the lab serves.
 */
import { isJson } from "./json.ts";
import type { Json } from "./json.ts";

const mergeKeys: Record<string, readonly string[]> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  volumes: ["name"],
  env: ["name"],
  imagePullSecrets: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  // Containers' ports are keyed by containerPort, services' by port.
  ports: ["containerPort", "port"],
  hostAliases: ["ip"],
  conditions: ["type"],
  ownerReferences: ["uid"],
  addresses: ["type"],
  podIPs: ["ip"],
};

/** Lists of plain values that are merged as sets. */
const mergedSets = new Set(["finalizers", "podCIDRs"]);

export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  const retained = patch["$retainKeys"];
  const result: Json = isJson(target) ? keepOnly(target, retained) : {};
  for (const [field, value] of Object.entries(patch)) {
    const removal = /^\$deleteFromPrimitiveList\/(.+)$/.exec(field)?.[1];
    if (removal !== undefined) result[removal] = without(result[removal], value);
    if (field.startsWith("$")) continue;
    if (value === null) delete result[field];
    else if (isJson(value) && value["$patch"] === "delete") delete result[field];
    else if (Array.isArray(value)) result[field] = patchedList(field, result[field], value);
    else result[field] = strategicPatch(result[field], value);
  }
  for (const [field, order] of Object.entries(patch)) {
    const ordered = /^\$setElementOrder\/(.+)$/.exec(field)?.[1];
    if (ordered !== undefined && Array.isArray(order)) result[ordered] = sorted(ordered, result[ordered], order);
  }
  return result;
}

function keepOnly(target: Json, retained: unknown): Json {
  if (!Array.isArray(retained)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([field]) => retained.includes(field)));
}

function withoutDirectives(patch: Json): Json {
  return Object.fromEntries(Object.entries(patch).filter(([field]) => !field.startsWith("$")));
}

function without(values: unknown, gone: unknown): unknown {
  return Array.isArray(values) && Array.isArray(gone) ? values.filter((value) => !gone.includes(value)) : values;
}

function keyFor(field: string, items: readonly unknown[]): string | undefined {
  return mergeKeys[field]?.find((key) => items.every((item) => isJson(item) && item[key] !== undefined));
}

function patchedList(field: string, current: unknown, patch: unknown[]): unknown[] {
  const before: unknown[] = Array.isArray(current) ? current : [];
  if (mergedSets.has(field)) return [...new Set([...before, ...patch])];
  const items = patch.filter((item) => !(isJson(item) && item["$patch"] === "replace"));
  if (items.length < patch.length) return items;
  const key = keyFor(field, patch);
  if (key === undefined) return patch;
  const result = [...before];
  for (const item of patch) {
    if (!isJson(item)) continue;
    const index = result.findIndex((existing) => isJson(existing) && existing[key] === item[key]);
    if (item["$patch"] === "delete") {
      if (index >= 0) result.splice(index, 1);
    } else if (index >= 0) result[index] = strategicPatch(result[index], item);
    else result.push(strategicPatch({}, item));
  }
  return result;
}

/** Elements named in the order come in that order; others keep their place behind them. */
function sorted(field: string, current: unknown, order: unknown[]): unknown {
  if (!Array.isArray(current)) return current;
  const key = keyFor(field, order);
  const idOf = (item: unknown) => (key !== undefined && isJson(item) ? item[key] : item);
  const places = new Map(order.map((item, index) => [idOf(item), index]));
  const placeOf = (item: unknown) => places.get(idOf(item)) ?? order.length;
  return current.toSorted((a: unknown, b: unknown) => placeOf(a) - placeOf(b));
}
