/** Defaults and checks of Deployment and ReplicaSet (pkg/apis/apps/v1/defaults.go and apps/validation of Kubernetes). */
import { isDeepStrictEqual } from "node:util";
import type { LabObject } from "../../objects.ts";
import { invalidValue } from "../field-errors.ts";
import { isJson, type Json } from "../json.ts";
import type { StatusCause } from "../status.ts";
import type { Admission } from "./admission.ts";
import { setPodSpecDefaults, workloadViolations } from "./builtin.ts";

function setDefaults(spec: Json): void {
  spec["replicas"] ??= 1;
  const template = spec["template"];
  if (isJson(template) && isJson(template["spec"])) setPodSpecDefaults(template["spec"]);
}

function selectorViolations(before: LabObject, after: LabObject): StatusCause[] {
  if (isDeepStrictEqual(before.spec?.["selector"], after.spec?.["selector"])) return [];
  return [invalidValue("spec.selector", after.spec?.["selector"], "field is immutable")];
}

export const replicaSetAdmission: Admission = {
  setDefaults(object) {
    if (object.spec !== undefined) setDefaults(object.spec);
  },
  validateCreate: workloadViolations,
  validateUpdate: selectorViolations,
};

export const daemonSetAdmission: Admission = {
  setDefaults({ spec }) {
    if (spec === undefined) return;
    const template = spec["template"];
    if (isJson(template) && isJson(template["spec"])) setPodSpecDefaults(template["spec"]);
    spec["updateStrategy"] ??= { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } };
    spec["revisionHistoryLimit"] ??= 10;
  },
  validateCreate: workloadViolations,
  validateUpdate: selectorViolations,
};

export const deploymentAdmission: Admission = {
  setDefaults(object) {
    const { spec } = object;
    if (spec === undefined) return;
    setDefaults(spec);
    spec["strategy"] ??= { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } };
    spec["revisionHistoryLimit"] ??= 10;
    spec["progressDeadlineSeconds"] ??= 600;
  },
  validateCreate: workloadViolations,
  validateUpdate: selectorViolations,
};
