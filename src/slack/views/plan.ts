import type { KnownBlock } from "@slack/types";
import type { Plan } from "../../run/plan.ts";
import { formatDuration } from "../../experiment/duration.ts";
import { escapeText, fields, section } from "../limits.ts";
import { watchBlocks } from "./watches.ts";
import { injectsNothing, parameterText, shortDigest } from "./words.ts";

/** Exactly what would be done: what an approver approves. */
export function planBlocks(plan: Plan, digest: string): KnownBlock[] {
  return [section(`*Hypothesis*\n_${escapeText(plan.hypothesis)}_`), ...planDetails(plan, digest)];
}

/** The plan without its hypothesis, for where that is said already. */
export function planDetails(plan: Plan, digest: string): KnownBlock[] {
  return [
    fields([
      ["Target", `${escapeText(plan.cluster)}, namespace ${escapeText(plan.namespace)}`],
      ["System now", escapeText(plan.topology)],
      ...(plan.wayIn === undefined
        ? []
        : [["Way of the probes", "through the API server (port-forward)"] satisfies [string, string]]),
      ["Risk", plan.risk],
      [
        "Phases",
        `baseline ${formatDuration(plan.phases.baselineMs)}, ${injectsNothing(plan) ? "work up to" : "fault"} ${formatDuration(plan.phases.durationMs)}, recovery up to ${formatDuration(plan.phases.recoveryMs)}`,
      ],
    ]),
    section(`*Faults*\n${faultLines(plan).join("\n")}`),
    section(`*Clients*\n${plan.probes.map((probe) => `• ${escapeText(probe)}`).join("\n")}`),
    section(
      `*Guards before anything is touched*\n${plan.guards.map((guard) => `• ${escapeText(guard.title)}`).join("\n")}`,
    ),
    ...watchBlocks(plan.watches ?? []),
    section(`*Parameters*\n${parameterText(plan)}\nplan \`${shortDigest(digest)}\``),
  ];
}

/** The faults with the pods that they hit, a line each. */
export function faultLines(plan: Plan): string[] {
  return [...(injectsNothing(plan) ? ["none is injected"] : []), ...plan.faults.map(faultLine)];
}

function faultLine(fault: Plan["faults"][number]): string {
  const others = fault.target.length === 0 ? "" : ` from ${fault.target.map(escapeText).join(", ")}`;
  const resolved = Object.entries(fault.resolved ?? {}).map(([name, value]) => `, ${name} ${value}`);
  const pods = fault.subject.map(escapeText).join(", ");
  if (fault.kind === "ScratchPostgres") return `• ${escapeText(fault.title)}: a pod of its own, made like ${pods}`;
  return `• ${escapeText(fault.title)}: ${escapeText(fault.kind)} on ${pods}${others}${escapeText(resolved.join(""))}`;
}
