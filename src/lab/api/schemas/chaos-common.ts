/**
 * Fields that all chaos kinds share. Source: the CRDs of Chaos Mesh (group chaos-mesh.org, version v1alpha1) and
 * their admission webhooks; the tests compare this data with the CRDs where those are at hand.
 */
import { described, integer, list, mapOf, object, oneOf, string } from "../schema.ts";
import type { Schema } from "../schema.ts";

export const mode = described(
  "How many of the selected pods are hit.",
  oneOf("one", "all", "fixed", "fixed-percent", "random-max-percent"),
);

export const value = described(
  "Needed by the modes fixed, fixed-percent and random-max-percent: a number as a string.",
  string,
);

export const selector = described(
  "Which pods may be hit. When pods is set, everything else is ignored.",
  object({
    annotationSelectors: mapOf(string),
    expressionSelectors: list(object({ "key!": string, "operator!": string, values: list(string) })),
    fieldSelectors: mapOf(string),
    labelSelectors: mapOf(string),
    namespaces: described("Defaults to the namespace of the chaos object.", list(string)),
    nodeSelectors: mapOf(string),
    nodes: list(string),
    podPhaseSelectors: list(string),
    pods: described("Names of pods by namespace.", mapOf(list(string))),
  }),
);

export const duration = described('How long the fault lasts, counted from creation: "300ms", "2m", "1h30m".', string);

export const remoteCluster = described("Name of the remote cluster in which the fault is injected.", string);

/** `status` of PodChaos and IOChaos; NetworkChaos and IOChaos add `instances`. */
export const statusFields: Record<string, Schema> = {
  conditions: list(object({ reason: string, "status!": string, "type!": string })),
  "experiment!": object({
    containerRecords: list(
      object({
        events: list(
          object({
            message: string,
            "operation!": string,
            "timestamp!": { type: "string", format: "date-time" },
            "type!": string,
          }),
        ),
        "id!": string,
        "injectedCount!": integer,
        "phase!": string,
        "recoveredCount!": integer,
        "selectorKey!": string,
      }),
    ),
    desiredPhase: oneOf("Run", "Stop"),
  }),
};

export const instances: Schema = mapOf({ type: "integer", format: "int64" });

/** A whole chaos kind from its spec and status. */
export function chaosKind(description: string, spec: Schema, status: Schema): Schema {
  return described(description, {
    type: "object",
    properties: { apiVersion: string, kind: string, metadata: { type: "object" }, spec, status },
    required: ["spec"],
  });
}
