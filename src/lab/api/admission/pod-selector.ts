import { invalidValue } from "../field-errors.ts";
import { text } from "../json.ts";
import type { Json } from "../json.ts";
import type { StatusCause } from "../status.ts";

/** The rules for `mode` and `value` of a chaos selector at a path. */
export function selectorRules(holder: Json, path: string): StatusCause[] {
  const field = `${path}.value`;
  const mode = text(holder, "mode");
  const value = text(holder, "value");
  if (mode !== "fixed" && mode !== "fixed-percent" && mode !== "random-max-percent") return [];
  if (!/^[-+]?\d+$/.test(value)) {
    const problem = `parse value field error:strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`;
    return [invalidValue(field, value, problem)];
  }
  const number = Number(value);
  if (mode === "fixed") {
    return number > 0 ? [] : [invalidValue(field, value, "value must be greater than 0 with mode:fixed")];
  }
  if (number > 0 && number <= 100) return [];
  return [invalidValue(field, value, `value of ${number} is invalid, Must be (0,100] with mode:${mode}`)];
}
