import type { Report } from "../findings/report.ts";
import type { Queryable } from "../store/database.ts";
import { lastEvent } from "../store/events.ts";
import type { Journal } from "./journal.ts";

/** What the run was judged by its owner, before it ended or lost that owner; null when it was not. */
export async function judgedReport(client: Queryable, runId: string): Promise<Report | null> {
  const event = await lastEvent(client, runId, "judged");
  return event?.type === "judged" ? event.report : null;
}

/**
 * Ends a run by the report that its owner stored before it died: healed, proven and judged it was by then, and to judge it
 * anew without its history would throw the findings away.
 */
export async function endAsJudged(journal: Journal, report: Report): Promise<void> {
  const outcome = report.verdicts.run;
  await journal.move(outcome, { outcome, ...(report.run.reason === undefined ? {} : { reason: report.run.reason }) });
}
