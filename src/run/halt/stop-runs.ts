import { inTransaction, type Database } from "../../store/database.ts";
import { appendEvents } from "../../store/events.ts";
import { appendHaltEvents, runsToStop } from "../../store/halts.ts";
import { lockRun, requestAbort } from "../../store/runs.ts";
import { move } from "../create-service.ts";
import type { RunEventBody } from "../events.ts";
import { isTerminal } from "../lifecycle.ts";
import { haltedByText, type Halt } from "./halt.ts";

/**
 * Stops every run that has not ended, each in a transaction of its own: one that waits ends here, one that runs is healed
 * by its owner. Safe to call again and by several processes: a run is stopped by a halt once.
 */
export async function stopRuns(database: Database, halt: Halt): Promise<void> {
  for (const runId of await runsToStop(database, halt.id)) await stopRun(database, halt, runId);
}

function stopRun(database: Database, halt: Halt, runId: string): Promise<void> {
  return inTransaction(database, async (client) => {
    const run = await lockRun(client, runId);
    if (run === null || isTerminal(run.state)) return;
    // Under the run's lock: another process may have stopped it since it was listed, or the halt have been lifted.
    if (!(await runsToStop(client, halt.id)).includes(runId)) return;
    await appendHaltEvents(client, halt.id, [{ type: "run-stopped", run: runId, was: run.state }]);
    await requestAbort(client, runId, halt.by, halt.reason);
    const halted: RunEventBody = { type: "halted", halt: halt.id, by: halt.by, reason: halt.reason };
    if (run.state === "requested" || run.state === "approved") {
      await move(client, run, "aborted", `Halted by ${haltedByText(halt)} before it started.`, [halted]);
    } else {
      await appendEvents(client, runId, [halted]);
    }
  });
}
