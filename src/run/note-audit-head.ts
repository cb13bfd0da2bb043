import { auditHead } from "../store/audit.ts";
import type { Database } from "../store/database.ts";
import { lastEvent } from "../store/events.ts";
import type { Journal } from "./journal.ts";

/**
 * Says where the audit trail stands now, in the thread and in the log: whoever cuts it off later cannot cut these. Said
 * once: whoever ends a run that was judged by a worker that died then says it only if that one had not.
 */
export async function noteAuditHead(
  deps: { database: Database; log: (message: string, detail?: Record<string, unknown>) => void },
  runId: string,
  journal: Journal,
): Promise<void> {
  if ((await lastEvent(deps.database, runId, "audit-head")) !== null) return;
  const head = await auditHead(deps.database);
  if (head === null) return;
  await journal.say({ type: "audit-head", entry: head.seq, hash: head.hash });
  deps.log("audit trail", { run: runId, entry: head.seq, hash: head.hash });
}
