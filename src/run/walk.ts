import type { Authoriser } from "../approvals/authoriser.ts";
import type { Cluster } from "../cluster/port.ts";
import type { Experiment } from "../experiment/schema.ts";
import type { Database } from "../store/database.ts";
import type { StoredFault } from "../store/faults.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Paging } from "./alarms/alarm.ts";
import type { ChartRenderer } from "./conclude.ts";
import type { HealDeadlines } from "./faults/fault-kind.ts";
import type { GuardEvent } from "./guards.ts";
import type { Journal } from "./journal.ts";
import type { RunObserver } from "./observer.ts";
import type { LeaseSettings, Ownership } from "./ownership.ts";
import type { OpenSession, Registry } from "./systems.ts";

export interface ConductorDeps {
  database: Database;
  registry: Registry;
  /** Counts the approvals again at the start. It looks people up in Slack, and says nothing there. */
  authoriser: Authoriser;
  lease: LeaseSettings;
  healDeadlines: HealDeadlines;
  /** Whom to page when a cleanup cannot be proven, besides requester and approvers; absent: nobody (`defaultPaging`). */
  paging?: Paging;
  renderCharts: ChartRenderer;
  log: (message: string, detail?: Record<string, unknown>) => void;
  /** Default: nobody looks on. */
  observer?: RunObserver;
  /** Told about every run this worker owns, so that a shutdown can stop it. */
  onOwned: (ownership: Ownership) => void;
}

/** One run on its way, with the system that it is on opened. */
export interface Walk {
  deps: ConductorDeps;
  run: StoredRun;
  experiment: Experiment;
  cluster: Cluster;
  session: OpenSession;
  journal: Journal;
  ownership: Ownership;
  guards: GuardEvent[];
  /** What was or is about to be injected, from just before it is stored. */
  faults: StoredFault[];
}
