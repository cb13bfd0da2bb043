import { texts } from "./runtime/pod-spec.ts";

/** A label selector requirement (k8s.io/apimachinery): In, NotIn, Exists, DoesNotExist. */
export function holds(expression: Record<string, unknown>, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[String(expression["key"])];
  const values = texts(expression["values"]);
  switch (expression["operator"]) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}
