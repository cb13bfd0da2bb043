import type { Explanation } from "../../approvals/explain.ts";
import { isAftershockError } from "../../errors.ts";
import type { Plan } from "../../run/plan.ts";
import type { Actor, RunService } from "../../run/service.ts";
import { requestOf, valueProblems, type Picked } from "./picked.ts";

/** What the form can say about the run that is picked in it. */
export type Outcome =
  | { kind: "nothing picked" }
  | { kind: "resolving" }
  | { kind: "planned"; plan: Plan; digest: string; explanation: Explanation }
  | {
      kind: "problem";
      message: string;
      hint: string;
      /** Whether the person may ask at all is known even where the system cannot be reached. */
      explanation: Explanation | null;
    };

/**
 * Resolves the targets now, and looks up whether the person may ask for it; records nothing. What a person could mend
 * becomes an outcome; rejects for what nobody foresaw.
 */
export async function resolveOutcome(
  picked: Picked,
  { service, actor }: { service: RunService; actor: Actor },
): Promise<Outcome> {
  if (picked.experiment === null) return { kind: "nothing picked" };
  const wrong = attempt(() => valueProblems(service.experiment(picked.experiment ?? ""), picked.parameters));
  if (!Array.isArray(wrong)) return wrong;
  if (wrong.length > 0) {
    const [message = "", ...more] = wrong.map(({ text }) => text);
    return { kind: "problem", message, hint: more.join("\n") || "Change it, and look again.", explanation: null };
  }
  const request = requestOf(picked);
  const [planned, explained] = await Promise.allSettled([service.plan(request), service.explain(actor, request)]);
  const explanation = explained.status === "fulfilled" ? explained.value : null;
  if (planned.status === "rejected") return { ...problemOf(planned.reason), explanation };
  if (explanation === null) return problemOf(explained.status === "rejected" ? explained.reason : null);
  return { kind: "planned", ...planned.value, explanation };
}

function attempt<T>(work: () => T): T | Outcome {
  try {
    return work();
  } catch (error) {
    return problemOf(error);
  }
}

/** Throws it again when it is nothing that a person could mend. */
function problemOf(error: unknown): Extract<Outcome, { kind: "problem" }> {
  if (!isAftershockError(error)) throw error;
  return { kind: "problem", message: error.message, hint: error.hint, explanation: null };
}

/** For the form, when something went wrong that nobody foresaw; the log has what. */
export const unforeseen: Outcome = {
  kind: "problem",
  message: "Something unforeseen went wrong while the targets were resolved. Nothing was changed by it.",
  hint: "Try again; if it stays so, the bot's log says what it is.",
  explanation: null,
};
