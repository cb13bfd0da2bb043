import { formatDuration } from "../../../experiment/duration.ts";
import type { Plan } from "../../../run/plan.ts";
import { escapeText } from "../../limits.ts";
import { injectsNothing } from "../words.ts";

/** Which pods would be hit, which of them lead now, and for how long; a line each. */
export function blastRadiusLines(plan: Plan): string[] {
  const place = `${escapeText(plan.cluster)}/${escapeText(plan.namespace)}`;
  if (injectsNothing(plan)) return [`nothing that runs in ${place} gets a fault`];
  const faults = plan.faults.filter(({ kind }) => kind !== "ScratchPostgres");
  const hit = [...new Set(faults.flatMap(({ subject }) => subject))];
  const across = [...new Set(faults.flatMap(({ target }) => target))].filter((pod) => !hit.includes(pod));
  const leads = hit.filter((pod) => plan.primaries?.includes(pod));
  return [
    `${pods(hit.length)} in ${place} ${hit.length === 1 ? "gets" : "get"} a fault: ${listed(hit)}`,
    ...(leads.length === 0 ? [] : [`${listed(leads)} ${leads.length === 1 ? "takes" : "take"} the writes now`]),
    ...(across.length === 0 ? [] : [`cut off from what is hit: ${listed(across)}`]),
    `for ${formatDuration(plan.phases.durationMs)} at most; then it is healed, and the healing is proven`,
  ];
}

const pods = (count: number): string => `${count} ${count === 1 ? "pod" : "pods"}`;
const listed = (names: readonly string[]): string => names.map(escapeText).join(", ");
