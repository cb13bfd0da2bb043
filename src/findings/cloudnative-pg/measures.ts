import { patroniMeasures } from "../patroni/measures.ts";
import type { Measure } from "../report.ts";

/** Of the leader lock, which CloudNativePG does not have. */
const ofTheLock: ReadonlySet<string> = new Set(["lock-expired", "lock-taken", "lock-back"]);

/** The table of measures of a run against PostgreSQL with CloudNativePG: Patroni's without its lock. */
export const cnpgMeasures: typeof patroniMeasures = (history, context, timings) =>
  patroniMeasures(history, context, timings)
    .filter(({ id }) => !ofTheLock.has(id))
    .map((measure) => (measure.id === "leader-loss-seen" && measure.value === null ? unseen(measure) : measure));

/** The operator sets both timeouts of replication to 5 s (v1.30.0, CnpgConfigurationSettings in pkg/postgres/configuration.go). */
function unseen(measure: Measure): Measure {
  const note =
    "pg_stat_wal_receiver went on: a connection that is cut silently ends with wal_receiver_timeout, 5 s by the operator's default";
  return { ...measure, note };
}
