import { AftershockError } from "../errors.ts";
import type { Queryable } from "../store/database.ts";
import type { ReportNote } from "../findings/report.ts";
import { countEvents, eventsOfType } from "../store/events.ts";
import type { RunEventBody } from "./events.ts";

/** Characters of a note: a few sentences. What is longer is a document, and belongs beside the report. */
export const longestNote = 1000;
/** Notes of one run: each is a message in its thread, which is drawn anew from all events. */
const mostNotes = 100;

/**
 * A note as the event that it becomes. Called under the run's lock. Throws AftershockError `bad_command` for one that says
 * nothing or too much, and when the run has as many as it may have.
 */
export async function noteOf(client: Queryable, runId: string, by: string, text: string): Promise<RunEventBody> {
  const said = text.trim();
  if (said === "") {
    throw new AftershockError("bad_command", "The note is empty.", `Say what you saw: /chaos note ${runId} TEXT`);
  }
  if (said.length > longestNote) {
    throw new AftershockError(
      "bad_command",
      `The note has ${said.length} characters; at most ${longestNote} are kept.`,
      "Make it shorter, or write two.",
    );
  }
  if ((await countEvents(client, runId, "note")) >= mostNotes) {
    throw new AftershockError(
      "not_allowed",
      `${runId} has ${mostNotes} notes, which is as many as a run may have.`,
      "What else is to be said goes into its thread.",
    );
  }
  return { type: "note", by, text: said };
}

/**
 * A run's notes for its report. When the run's clock began is read off the event of its baseline, which has PostgreSQL's
 * time as the notes have: the worker's own clock may be an hour off.
 */
export async function notesForReport(client: Queryable, runId: string): Promise<ReportNote[]> {
  const notes = await eventsOfType(client, runId, "note");
  if (notes.length === 0) return [];
  const began = (await eventsOfType(client, runId, "state")).find(({ atMs }) => atMs === 0);
  const zeroMs = began === undefined ? null : Date.parse(began.at);
  return notes.map(({ at, by, text }) => ({
    at,
    atMs: zeroMs === null ? null : Date.parse(at) - zeroMs,
    by,
    text,
  }));
}
