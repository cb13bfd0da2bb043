/** The obvious defaults and checks of built-in kinds (pkg/apis/core/validation and apps/validation of Kubernetes). */
import { isDeepStrictEqual } from "node:util";
import type { LabObject } from "../../objects.ts";
import { duplicateValue, forbiddenValue, invalidValue, requiredValue, unsupportedValue } from "../field-errors.ts";
import { child, children, isJson, text } from "../json.ts";
import type { Json } from "../json.ts";
import { parseSelectorObject } from "../label-selector.ts";
import type { StatusCause } from "../status.ts";
import type { Admission } from "./admission.ts";

export const podAdmission: Admission = {
  setDefaults(object) {
    if (object.spec !== undefined) setPodSpecDefaults(object.spec);
    object.status ??= { phase: "Pending", qosClass: "BestEffort" };
  },
  validateCreate: (object) => podSpecViolations(object.spec, "spec"),
  validateUpdate(before, after) {
    if (isDeepStrictEqual(frozenPodSpec(before), frozenPodSpec(after))) return [];
    return [
      forbiddenValue(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
      ),
    ];
  },
};

/** A pod's spec without the fields that may change. */
function frozenPodSpec(object: LabObject): Json {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, ...spec } = object.spec ?? {};
  const withoutImages = (field: string) => children(spec, field).map(({ image: _image, ...container }) => container);
  return { ...spec, containers: withoutImages("containers"), initContainers: withoutImages("initContainers") };
}

/** What the server fills in of a pod's spec; also of a template's. */
export function setPodSpecDefaults(spec: Json): void {
  spec["restartPolicy"] ??= "Always";
  spec["terminationGracePeriodSeconds"] ??= 30;
  spec["dnsPolicy"] ??= "ClusterFirst";
  spec["schedulerName"] ??= "default-scheduler";
  spec["securityContext"] ??= {};
  for (const container of children(spec, "containers")) {
    container["imagePullPolicy"] ??= "IfNotPresent";
    container["terminationMessagePath"] ??= "/dev/termination-log";
    container["terminationMessagePolicy"] ??= "File";
    container["resources"] ??= {};
    for (const port of children(container, "ports")) port["protocol"] ??= "TCP";
  }
}

function podSpecViolations(spec: unknown, path: string): StatusCause[] {
  const containers = children(spec, "containers");
  if (containers.length === 0) return [requiredValue(`${path}.containers`)];
  const causes: StatusCause[] = [];
  const seen = new Set<string>();
  containers.forEach((container, index) => {
    const at = `${path}.containers[${index}]`;
    const name = text(container, "name");
    if (name === "") causes.push(requiredValue(`${at}.name`));
    else if (seen.has(name)) causes.push(duplicateValue(`${at}.name`, name));
    seen.add(name);
    if (text(container, "image") === "") causes.push(requiredValue(`${at}.image`));
  });
  const policies = ["Always", "OnFailure", "Never"];
  const policy = text(spec, "restartPolicy");
  if (policy !== "" && !policies.includes(policy)) {
    causes.push(unsupportedValue(`${path}.restartPolicy`, policy, policies));
  }
  return causes;
}

/** What a set of pods made from a template must have: StatefulSet, Deployment, ReplicaSet. */
export function workloadViolations(object: LabObject): StatusCause[] {
  const { spec } = object;
  const causes: StatusCause[] = [];
  const selector = spec?.["selector"];
  const labels = child(child(spec?.["template"], "metadata"), "labels");
  if (!isJson(selector)) causes.push(requiredValue("spec.selector"));
  else if (Object.keys(selector).length === 0) {
    causes.push(invalidValue("spec.selector", selector, `empty selector is invalid for ${object.kind.toLowerCase()}`));
  } else if (!parseSelectorObject(selector)(labels as Record<string, string>)) {
    causes.push(invalidValue("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
  }
  const replicas = spec?.["replicas"];
  if (typeof replicas === "number" && replicas < 0) {
    causes.push(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  }
  return [...causes, ...podSpecViolations(child(spec?.["template"], "spec"), "spec.template.spec")];
}

export const statefulSetAdmission: Admission = {
  setDefaults(object) {
    const { spec } = object;
    if (spec === undefined) return;
    spec["replicas"] ??= 1;
    spec["podManagementPolicy"] ??= "OrderedReady";
    spec["revisionHistoryLimit"] ??= 10;
    spec["updateStrategy"] ??= { type: "RollingUpdate", rollingUpdate: { partition: 0 } };
    const template = spec["template"];
    if (isJson(template) && isJson(template["spec"])) setPodSpecDefaults(template["spec"]);
  },
  validateCreate: workloadViolations,
  validateUpdate(before, after) {
    if (isDeepStrictEqual(frozenSetSpec(before), frozenSetSpec(after))) return [];
    return [
      forbiddenValue(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    ];
  },
};

const changeable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

function frozenSetSpec(object: LabObject): Json {
  return Object.fromEntries(Object.entries(object.spec ?? {}).filter(([field]) => !changeable.includes(field)));
}

export const serviceAdmission: Admission = {
  setDefaults(object) {
    const { spec } = object;
    if (spec === undefined) return;
    spec["type"] ??= "ClusterIP";
    spec["sessionAffinity"] ??= "None";
    for (const port of children(spec, "ports")) {
      port["protocol"] ??= "TCP";
      port["targetPort"] ??= port["port"];
    }
  },
  validateCreate(object) {
    const ports = children(object.spec, "ports");
    if (ports.length === 0 && object.spec?.["clusterIP"] !== "None") return [requiredValue("spec.ports")];
    return ports.flatMap((port, index) => {
      const at = `spec.ports[${index}]`;
      const named = ports.length === 1 || text(port, "name") !== "" ? [] : [requiredValue(`${at}.name`)];
      const number = port["port"];
      const fits = typeof number === "number" && number >= 1 && number <= 65535;
      return fits
        ? named
        : [...named, invalidValue(`${at}.port`, number ?? 0, "must be between 1 and 65535, inclusive")];
    });
  },
};

export const namespaceAdmission: Admission = {
  setDefaults(object) {
    object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name };
    object.spec ??= { finalizers: ["kubernetes"] };
    object.status ??= { phase: "Active" };
  },
};

export const claimAdmission: Admission = {
  setDefaults(object) {
    if (object.spec !== undefined) object.spec["volumeMode"] ??= "Filesystem";
    object.status ??= { phase: "Pending" };
  },
  validateCreate(object) {
    const modes = object.spec?.["accessModes"];
    const causes: StatusCause[] = [];
    if (!Array.isArray(modes) || modes.length === 0) {
      causes.push(requiredValue("spec.accessModes", "at least 1 access mode is required"));
    }
    if (child(child(object.spec, "resources"), "requests")["storage"] === undefined) {
      causes.push(requiredValue("spec.resources[storage]"));
    }
    return causes;
  },
};
