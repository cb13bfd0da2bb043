import type { Grounds } from "./manifests.ts";
import { isOfTargets, type OfTargets, type Right, type Verb, type Where } from "./right.ts";

/** One thing that an API server can be asked for: whether an account may do it (authorization.k8s.io/v1, ResourceAttributes). */
export interface Question {
  verb: Verb;
  apiGroup: string;
  resource: string;
  /** Empty: none. */
  subresource: string;
  /** Empty: in all namespaces, or of what has none. */
  namespace: string;
  /** Empty: of any name. */
  name: string;
}

/** A right with what must be asked to know that it is there. */
export interface AskedRight {
  right: Right;
  questions: readonly Question[];
}

/** Every right, verb by verb, in every namespace in which it must count. Pure. */
export function questionsOf(
  rights: readonly Right[],
  { targets, latch, injector }: Pick<Grounds, "targets" | "latch" | "injector">,
): AskedRight[] {
  const everywhere = [""];
  const places: Readonly<Record<Exclude<Where, OfTargets>, readonly string[]>> = {
    targets: targets ?? everywhere,
    cluster: everywhere,
    latch: [latch],
    injector: [injector],
  };
  return rights.map((right) => ({
    right,
    questions: (isOfTargets(right.where) ? [right.namespace ?? ""] : places[right.where]).flatMap((namespace) =>
      right.resources.flatMap((path) => {
        const [resource = "", subresource = ""] = path.split("/");
        return (right.resourceNames ?? [""]).flatMap((name) =>
          right.verbs.map((verb) => ({ verb, apiGroup: right.apiGroup, resource, subresource, namespace, name })),
        );
      }),
    ),
  }));
}
