import { AftershockError } from "../errors.ts";
import type { Experiment, ParameterValue } from "./schema.ts";
import { durationPattern } from "./duration.ts";
import { insertable } from "./insert-parameters.ts";

type Definitions = Pick<Experiment, "parameters">;

/** Strings as PromQL has them, comments, references, and whatever else. */
const token = /`[^`]*`?|"(?:\\[^]|[^"\\])*"?|'(?:\\[^]|[^'\\])*'?|#[^\n]*|\$\{([a-z][A-Za-z0-9]*)\}|[^`"'#$]+|\$/g;
const reference = /\$\{([a-z][A-Za-z0-9]*)\}/g;

/**
 * A PromQL query with its parameters inserted so that none can become PromQL: text only inside a quoted string, escaped
 * there, and literal even in a `=~` matcher; outside of strings only integers and durations. Throws AftershockError
 * `bad_experiment` where the query has a parameter elsewhere, which depends on the definitions alone.
 */
export function insertIntoQuery(
  query: string,
  experiment: Definitions,
  values: Readonly<Record<string, ParameterValue>>,
): string {
  const inserts = insertable(experiment, values);
  let before = "";
  return query.replaceAll(token, (piece: string, name: string | undefined) => {
    const made = name === undefined ? insideOf(piece, before, inserts) : bare(name, experiment, inserts);
    before = piece;
    return made;
  });
}

function insideOf(piece: string, before: string, inserts: Readonly<Record<string, ParameterValue>>): string {
  if (!new RegExp(reference).test(piece)) return piece;
  if (!/^["']/.test(piece))
    throw refused(piece, "a parameter may stand in a string in quotes, not in ` ` or a comment");
  const isPattern = /[=!]~\s*$/.test(before);
  return piece.replaceAll(reference, (_found, name: string) => {
    const value = Object.hasOwn(inserts, name) ? inserts[name] : undefined;
    if (value === undefined) throw refused(piece, `${name} is no parameter`);
    const literal = isPattern ? String(value).replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&") : String(value);
    return escapeInQuotes(literal, piece[0] === "'" ? "'" : '"');
  });
}

function bare(name: string, { parameters }: Definitions, inserts: Readonly<Record<string, ParameterValue>>): string {
  const type = Object.hasOwn(parameters, name) ? parameters[name]?.type : undefined;
  const value = String(inserts[name]);
  const isNumber = type === "integer" && /^-?\d+$/.test(value);
  const isDuration = type === "duration" && durationPattern.test(value);
  if (isNumber || isDuration) return value;
  throw refused(`\${${name}}`, "outside of quotes only an integer or a duration may be inserted");
}

/** As it stands between such quotes of a PromQL string; with double ones, also in a matcher of Alertmanager. */
export function escapeInQuotes(value: string, quote: "'" | '"' = '"'): string {
  return value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

function refused(where: string, why: string): AftershockError {
  return new AftershockError(
    "bad_experiment",
    `The query cannot take ${where}: ${why}.`,
    'Write for example redis_up{namespace="${namespace}"}: docs/watching.md',
  );
}
