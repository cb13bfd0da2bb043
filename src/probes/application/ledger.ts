import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { SystemContext } from "../system.ts";

/** Where the application's writes end up, seen from the database's side. */
export interface Ledger {
  /** Name of the member with this address; the address itself when it is nobody's. */
  memberAt(address: string): string;
  /** What every member holds of a run's writes by one client, in the application's own table. */
  finalReads(table: string, runId: string, client: string, recorder: Recorder): Promise<FinalRead[]>;
  /** Removes a run's rows. */
  remove(table: string, runId: string): Promise<void>;
}

/** Opens the ledger of a system; every system that an application writes to has one. */
export type OpenLedger = (context: SystemContext) => Promise<Ledger>;
