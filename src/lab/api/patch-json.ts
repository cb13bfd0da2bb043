import { isDeepStrictEqual } from "node:util";
import { isJson } from "./json.ts";
import { invalid } from "./status.ts";

/** JSON Merge Patch, RFC 7386. Neither argument is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJson(patch)) return patch;
  const result: Record<string, unknown> = isJson(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = mergePatch(result[field], value);
  }
  return result;
}

/** JSON Patch, RFC 6902. Throws ApiError 422 for an operation that cannot be done, as the API server does. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw refused("a JSON patch is a list of operations");
  let document: unknown = structuredClone(target);
  for (const operation of operations) document = applyOperation(document, operation);
  return document;
}

function refused(problem: string) {
  return invalid({ group: "", kind: "" }, "", [{ reason: "FieldValueInvalid", message: problem, field: "patch" }]);
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isJson(operation) || typeof operation["path"] !== "string") throw refused("an operation needs op and path");
  const path = operation["path"];
  switch (operation["op"]) {
    case "add":
      return put(document, path, operation["value"], "insert");
    case "replace":
      at(document, path);
      return put(document, path, operation["value"], "replace");
    case "remove":
      return take(document, path);
    case "test":
      if (isDeepStrictEqual(at(document, path), operation["value"])) return document;
      throw refused(`testing value ${path} failed`);
    case "copy":
      return put(document, path, structuredClone(at(document, String(operation["from"]))), "insert");
    case "move": {
      const from = String(operation["from"]);
      const value = at(document, from);
      return put(take(document, from), path, value, "insert");
    }
    default:
      throw refused(`Unexpected kind: ${String(operation["op"])}`);
  }
}

function steps(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw refused(`path "${pointer}" must begin with "/"`);
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function at(document: unknown, pointer: string): unknown {
  let found = document;
  for (const step of steps(pointer)) {
    if (Array.isArray(found) && /^\d+$/.test(step) && Number(step) < found.length) found = found[Number(step)];
    else if (isJson(found) && Object.hasOwn(found, step)) found = found[step];
    else throw refused(`path "${pointer}" does not exist`);
  }
  return found;
}

function holderOf(document: unknown, pointer: string): { holder: unknown; last: string } {
  const path = steps(pointer);
  const last = path.at(-1) ?? "";
  return { holder: at(document, pointer.slice(0, pointer.lastIndexOf("/"))), last };
}

function put(document: unknown, pointer: string, value: unknown, how: "insert" | "replace"): unknown {
  if (pointer === "") return value;
  const { holder, last } = holderOf(document, pointer);
  if (Array.isArray(holder)) {
    const index = last === "-" ? holder.length : Number(last);
    if (!Number.isInteger(index) || index > holder.length) throw refused(`path "${pointer}" is out of range`);
    holder.splice(index, how === "replace" ? 1 : 0, value);
  } else if (isJson(holder)) holder[last] = value;
  else throw refused(`path "${pointer}" does not exist`);
  return document;
}

function take(document: unknown, pointer: string): unknown {
  at(document, pointer);
  const { holder, last } = holderOf(document, pointer);
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else if (isJson(holder)) delete holder[last];
  return document;
}
