import { badRequest } from "./status.ts";
import { children, isJson, strings, text } from "./json.ts";

export type LabelPredicate = (labels: Readonly<Record<string, string>>) => boolean;

/**
 * Parses `a=b,c!=d,e in (x,y),f notin (z),g,!h`. Throws ApiError 400 in the API server's words.
 * Grammar: k8s.io/apimachinery/pkg/labels.
 */
export function parseLabelSelector(selector: string): LabelPredicate {
  const predicates = splitOutsideParentheses(selector)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => requirement(part, selector));
  return (labels) => predicates.every((predicate) => predicate(labels));
}

function splitOutsideParentheses(selector: string): string[] {
  return selector.split(/,(?![^(]*\))/);
}

const key = "([A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?)";
const value = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

function requirement(part: string, selector: string): LabelPredicate {
  const exists = new RegExp(`^${key}$`).exec(part);
  if (exists !== null) return (labels) => labels[exists[1]!] !== undefined;
  const absent = new RegExp(`^!\\s*${key}$`).exec(part);
  if (absent !== null) return (labels) => labels[absent[1]!] === undefined;
  const set = new RegExp(`^${key}\\s+(in|notin)\\s*\\(([^()]*)\\)$`).exec(part);
  if (set !== null) return setRequirement(set[1]!, set[3]!, set[4]!.split(","), part);
  const equal = new RegExp(`^${key}\\s*(==|=|!=)\\s*(.*)$`).exec(part);
  if (equal !== null) return setRequirement(equal[1]!, equal[3] === "!=" ? "notin" : "in", [equal[4]!], part);
  throw badRequest(`unable to parse requirement: found '${part}' in label selector '${selector}'`);
}

function setRequirement(name: string, operator: string, raw: string[], part: string): LabelPredicate {
  const values = raw.map((item) => item.trim());
  const wrong = values.find((item) => !value.test(item) || item.length > 63);
  if (wrong !== undefined) {
    throw badRequest(`unable to parse requirement: values[0][${name}]: Invalid value: "${wrong}": found in '${part}'`);
  }
  const among = (labels: Readonly<Record<string, string>>) => {
    const own = labels[name];
    return own !== undefined && values.includes(own);
  };
  // As in Kubernetes, an absent label satisfies both `!=` and `notin`.
  return operator === "in" ? among : (labels) => !among(labels);
}

/** The same for a `metav1.LabelSelector` object, as in a StatefulSet's spec. */
export function parseSelectorObject(selector: unknown): LabelPredicate {
  const wanted = isJson(selector) && isJson(selector["matchLabels"]) ? Object.entries(selector["matchLabels"]) : [];
  const expressions = children(selector, "matchExpressions");
  return (labels) =>
    wanted.every(([name, value]) => labels[name] === value) &&
    expressions.every((expression) => {
      const own = labels[text(expression, "key")];
      const among = own !== undefined && strings(expression, "values").includes(own);
      switch (text(expression, "operator")) {
        case "In":
          return among;
        case "NotIn":
          return !among;
        case "Exists":
          return own !== undefined;
        case "DoesNotExist":
          return own === undefined;
        default:
          return false;
      }
    });
}
