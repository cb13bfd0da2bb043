import type { PodAddress, SystemContext } from "./system.ts";

/** The label selector of a part's pods: the target's, or by their label `app`. */
export function selectorOf({ access }: Pick<SystemContext, "access">, part: string, appLabel: string): string {
  return access.selector(part) ?? `app=${appLabel}`;
}

/** The pods of a part, by name. None is an empty list. */
export async function findPodsOf(context: SystemContext, part: string, appLabel: string): Promise<PodAddress[]> {
  const pods = await context.pods(selectorOf(context, part, appLabel));
  return pods.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
