import { invalidValue } from "../field-errors.ts";
import { goDurationProblem } from "../go-duration.ts";
import { child, isJson, text } from "../json.ts";
import type { Json } from "../json.ts";
import type { StatusCause } from "../status.ts";
import { selectorRules } from "./pod-selector.ts";

/** Blocks with a percentage (named like the block) and a correlation, both floats in strings. */
const percentBlocks = ["loss", "duplicate", "corrupt"] as const;

export function setNetworkDefaults(spec: Json): void {
  if (text(spec, "direction") === "") spec["direction"] = "to";
  const { delay } = spec;
  if (isJson(delay)) {
    if (text(delay, "jitter") === "") delay["jitter"] = "0ms";
    defaultCorrelation(delay);
    defaultCorrelation(delay["reorder"]);
  }
  for (const block of percentBlocks) defaultCorrelation(spec[block]);
}

function defaultCorrelation(block: unknown): void {
  if (isJson(block) && text(block, "correlation") === "") block["correlation"] = "0";
}

export function networkRules(spec: Json): StatusCause[] {
  const causes = directionRules(spec);
  if (isJson(spec["target"])) causes.push(...selectorRules(spec["target"], "spec.target"));
  for (const block of percentBlocks) {
    if (!isJson(spec[block])) continue;
    causes.push(
      ...floatRules(spec[block], `spec.${block}`, block),
      ...floatRules(spec[block], `spec.${block}`, "correlation"),
    );
  }
  const { delay } = spec;
  if (isJson(delay)) {
    for (const field of ["latency", "jitter"]) {
      const problem = goDurationProblem(text(delay, field));
      if (problem === null) continue;
      causes.push(invalidValue(`spec.delay.${field}`, text(delay, field), `parse ${field} field error:${problem}`));
    }
    causes.push(...floatRules(delay, "spec.delay", "correlation"));
    if (isJson(delay["reorder"])) {
      const reorder = child(delay, "reorder");
      causes.push(...floatRules(reorder, "spec.delay.reorder", "reorder"));
      causes.push(...floatRules(reorder, "spec.delay.reorder", "correlation"));
    }
  }
  for (const block of ["bandwidth", "rate"]) {
    if (isJson(spec[block])) causes.push(...rateRules(text(spec[block], "rate"), `spec.${block}.rate`));
  }
  return causes;
}

/** Partition takes every combination; shaping traffic needs to know whose packets arrive. */
function directionRules(spec: Json): StatusCause[] {
  const direction = text(spec, "direction");
  if (spec["action"] === "partition" || (direction !== "from" && direction !== "both")) return [];
  const causes: StatusCause[] = [];
  const say = (problem: string) => causes.push(invalidValue("spec.target.direction", direction, problem));
  if (spec["externalTargets"] !== undefined) {
    say("external targets cannot be used with `from` and `both` direction in netem action yet");
  }
  if (spec["target"] === undefined) {
    say("`from` and `both` direction cannot be used when targets is empty in netem action");
  }
  return causes;
}

function floatRules(block: unknown, path: string, field: string): StatusCause[] {
  const value = text(block, field);
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)) return [];
  const problem = `parse ${field} field error:strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`;
  return [invalidValue(`${path}.${field}`, value, problem)];
}

function rateRules(rate: string, path: string): StatusCause[] {
  if (/^\s*\d+\s*([tgmk]?bps|[tgmk]?bit)\s*$/i.test(rate)) return [];
  return [invalidValue(path, rate, "parse rate field error:invalid unit")];
}
