import type { Recorder } from "../recorder.ts";
import { withMember } from "./connect.ts";
import type { PatroniPods } from "./members.ts";

/**
 * The history file of the timeline that a primary writes; null on the first timeline, which has none. Only superusers
 * and members of pg_read_server_files may read it (PostgreSQL manual, generic file access functions).
 */
const historyText = `
  select pg_read_file('pg_wal/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.history', 0, 65536, true) as text`;

/** One line of a history file: the timeline that ended, where, and why. */
export interface Fork {
  timeline: number;
  forkBytes: number;
  reason: string;
}

/** Reads a timeline history file (PostgreSQL sources, readTimeLineHistory: number, position, reason, by tabs). Pure. */
export function readForks(text: string): Fork[] {
  return text.split("\n").flatMap((line) => {
    const [, timeline, high = "", low = "", reason = ""] =
      /^\s*(\d{1,10})\s+([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})\s*(.*)$/.exec(line) ?? [];
    if (timeline === undefined) return [];
    const forkBytes = Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
    return [{ timeline: Number(timeline), forkBytes, reason: reason.trim() }];
  });
}

/** Tells the primary's own history of timelines as `timeline`, where its file may be read. */
export async function tellForks(members: PatroniPods, primary: string, recorder: Recorder): Promise<void> {
  try {
    const text = await withMember(members, primary, async (client) => {
      return (await client.query<{ text: string | null }>(historyText)).rows[0]?.text ?? "";
    });
    for (const fork of readForks(text)) {
      recorder.event({ atMs: recorder.now(), source: primary, event: "timeline", detail: { ...fork } });
    }
  } catch {
    // Not read is not known; the report says so.
  }
}
