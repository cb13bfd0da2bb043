import type { Violation } from "./gate.ts";

/** Throws when the product ran into a limit of Slack's that the test did not mean it to meet. */
export function refuseUnexpected(
  violations: readonly Violation[],
  isExpected: (violation: Violation) => boolean = () => false,
): void {
  const unexpected = violations.filter((violation) => !isExpected(violation));
  if (unexpected.length > 0) throw new Error(`Slack would have refused: ${JSON.stringify(unexpected)}`);
}
