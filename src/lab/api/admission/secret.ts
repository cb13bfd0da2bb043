/** Defaults and checks of Secrets (strategy of pkg/registry/core/secret, ValidateSecret in pkg/apis/core/validation). */
import { isDeepStrictEqual } from "node:util";
import { forbiddenValue, invalidValue, requiredValue } from "../field-errors.ts";
import { child, isJson, text } from "../json.ts";
import type { LabObject } from "../../objects.ts";
import type { StatusCause } from "../status.ts";
import type { Admission } from "./admission.ts";

const tlsType = "kubernetes.io/tls";

export const secretAdmission: Admission = {
  setDefaults(secret) {
    secret["type"] ??= "Opaque";
    const { stringData, ...rest } = secret;
    if (!isJson(stringData)) return;
    // Written, never read: the server keeps data alone.
    Reflect.deleteProperty(secret, "stringData");
    const encoded = Object.entries(stringData).map(([key, value]) => [
      key,
      Buffer.from(String(value)).toString("base64"),
    ]);
    secret["data"] = { ...child(rest, "data"), ...Object.fromEntries(encoded) };
  },
  validateCreate: dataViolations,
  validateUpdate(before, after) {
    if (text(before, "type") !== text(after, "type")) {
      return [invalidValue("type", after["type"], "field is immutable")];
    }
    if (before["immutable"] === true && !isDeepStrictEqual(child(before, "data"), child(after, "data"))) {
      return [forbiddenValue("data", "field is immutable when `immutable` is set")];
    }
    return dataViolations(after);
  },
};

function dataViolations(secret: LabObject): StatusCause[] {
  const data = child(secret, "data") ?? {};
  const misnamed = Object.keys(data).filter((key) => !/^[A-Za-z0-9._-]{1,253}$/.test(key));
  const missing = text(secret, "type") === tlsType ? ["tls.crt", "tls.key"].filter((key) => !(key in data)) : [];
  return [
    ...misnamed.map((key) =>
      invalidValue(
        `data[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    ),
    ...missing.map((key) => requiredValue(`data[${key}]`)),
  ];
}
