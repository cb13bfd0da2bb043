import type { Experiment, ParameterValue } from "./schema.ts";

const reference = /\$\{([a-z][A-Za-z0-9]*)\}/g;

/** What `${name}` inserts for each parameter: its value, or for a choice what the experiment lists for it. */
export function insertable(
  experiment: Pick<Experiment, "parameters">,
  values: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterValue> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const definition = experiment.parameters[name];
      const listed =
        definition?.type === "choice" && Object.hasOwn(definition.values, String(value))
          ? definition.values[String(value)]
          : undefined;
      return [name, listed ?? value];
    }),
  );
}

/**
 * A copy of `value` in which every text `${name}` is replaced, at any depth. A text that is nothing else takes the
 * parameter's type, so that `percent: ${percent}` stays a number. Unknown names stay as they are; loading refuses them.
 */
export function insertParameters<T>(value: T, inserts: Readonly<Record<string, ParameterValue>>): T {
  if (typeof value === "string") return insertIntoText(value, inserts) as T;
  if (Array.isArray(value)) return value.map((inner: unknown) => insertParameters(inner, inserts)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, insertParameters<unknown>(inner, inserts)]),
  ) as T;
}

function insertIntoText(text: string, inserts: Readonly<Record<string, ParameterValue>>): ParameterValue {
  const insert = (name: string, found: string): ParameterValue =>
    Object.hasOwn(inserts, name) ? (inserts[name] ?? found) : found;
  const [whole] = [...text.matchAll(reference)];
  if (whole !== undefined && whole[0] === text) return insert(whole[1] ?? "", text);
  // Inserted text is not looked at again: a parameter cannot bring in another.
  return text.replaceAll(reference, (found, name: string) => String(insert(name, found)));
}

/** The parameters that a value refers to, in order of appearance. */
export function referredParameters(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(reference)].map(([, name = ""]) => name);
}
