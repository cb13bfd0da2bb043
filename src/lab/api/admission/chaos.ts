/**
 * The admission webhooks of Chaos Mesh: defaults, the rules that its schemas cannot say, and the immutable spec.
 * Rules and wording: api/v1alpha1/*_webhook.go and common_webhook.go of chaos-mesh/chaos-mesh.
 */
import { isDeepStrictEqual } from "node:util";
import type { LabObject } from "../../objects.ts";
import { invalidValue } from "../field-errors.ts";
import { goDurationProblem } from "../go-duration.ts";
import { child, isJson, text } from "../json.ts";
import type { Json } from "../json.ts";
import type { StatusCause } from "../status.ts";
import type { Admission } from "./admission.ts";
import { networkRules, setNetworkDefaults } from "./network-chaos.ts";
import { selectorRules } from "./pod-selector.ts";

type Rules = (spec: Json) => StatusCause[];

export const podChaosAdmission: Admission = chaosAdmission("podchaos", () => undefined, podRules);
export const networkChaosAdmission: Admission = chaosAdmission("networkchaos", setNetworkDefaults, networkRules);
export const ioChaosAdmission: Admission = chaosAdmission("iochaos", () => undefined, ioRules);

function chaosAdmission(plural: string, setDefaults: (spec: Json) => void, rules: Rules): Admission {
  return {
    setDefaults(object) {
      const { spec } = object;
      if (spec === undefined) return;
      defaultNamespaces(spec, object);
      if (isJson(spec["target"])) defaultNamespaces(spec["target"], object);
      setDefaults(spec);
    },
    webhook: {
      name: `v${plural}.kb.io`,
      deny(before, after) {
        if (before !== undefined && !isDeepStrictEqual(before.spec, after.spec)) return "Cannot update chaos spec";
        const spec = after.spec ?? {};
        const causes = [...durationRules(spec), ...selectorRules(spec, "spec"), ...rules(spec)];
        return causes.length === 0 ? null : aggregate(causes);
      },
    },
  };
}

function defaultNamespaces(holder: Json, object: LabObject): void {
  const selector = holder["selector"];
  if (!isJson(selector)) return;
  const { namespaces } = selector;
  if (Array.isArray(namespaces) && namespaces.length > 0) return;
  selector["namespaces"] = [object.metadata.namespace];
}

function durationRules(spec: Json): StatusCause[] {
  const duration = text(spec, "duration");
  const problem = duration === "" ? null : goDurationProblem(duration);
  return problem === null ? [] : [invalidValue("spec.duration", duration, `parse duration field error: ${problem}`)];
}

function podRules(spec: Json): StatusCause[] {
  const names = spec["containerNames"];
  if (spec["action"] !== "container-kill" || (Array.isArray(names) && names.length > 0)) return [];
  const problem = "the name of container is empty on container-kill action: invalid value";
  return [invalidValue("spec.containerNames", names ?? null, problem)];
}

function ioRules(spec: Json): StatusCause[] {
  const causes: StatusCause[] = [];
  const action = text(spec, "action");
  const problem = action === "latency" ? goDurationProblem(text(spec, "delay")) : null;
  if (problem !== null) {
    const detail = `parse delay field error:${problem} for action:latency`;
    causes.push(invalidValue("spec.delay", text(spec, "delay"), detail));
  }
  if (action === "fault" && (spec["errno"] ?? 0) === 0) {
    causes.push(invalidValue("spec.errno", 0, "action fault: errno 0 is not supported"));
  }
  const percent = spec["percent"];
  if (typeof percent === "number" && (percent < 0 || percent > 100)) {
    causes.push(invalidValue("spec.percent", percent, "percent field should be in 0-100"));
  }
  if (action === "mistake" && Object.keys(child(spec, "mistake")).length === 0) {
    causes.push(invalidValue("spec.mistake", null, "action mistake: mistake is required"));
  }
  return causes;
}

/** Field errors as Go's error aggregate prints them. */
function aggregate(causes: StatusCause[]): string {
  const problems = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  return problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`;
}
