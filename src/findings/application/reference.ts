import type { FindingReference } from "../finding-reference.ts";

/** What each finding of an application in front of the system means. */
export const applicationReference: Readonly<Record<string, FindingReference>> = {
  "application.reconnected": {
    severity: "medium above 15 s after the promotion, low from 5 s, otherwise info",
    means: "When the first write got through the application again.",
    cause: "It must find the new primary and let go of the old one.",
    evidence: "First write after fault and promotion; the pool's time-outs. 5 to 15 s is commonly expected.",
    mend: "Connection timeout 2 s or less, TCP keep-alive, a query timeout; several hosts with target_session_attrs=read-write.",
    source: "node-postgres documentation, Pool; PostgreSQL manual, libpq",
  },
  "application.not-recovered": {
    severity: "high",
    means: "The database took writes again, and the application did not.",
    cause: "It keeps an address or broken connections.",
    evidence: "No write before the end, or an empty pool; failed attempts to connect.",
    mend: "Look at what its host name resolves to, and whether its pool discards broken connections.",
  },
  "application.pool-broken": {
    severity: "medium when dead connections were kept longer than 5 s, otherwise info",
    means: "The pool lost connections, and how long it kept dead ones.",
    cause: "A process that dies closes its connections; a machine that goes silent closes nothing.",
    evidence: "Active, idle and waiting at the fault; time without a connection.",
    mend: "keepAlive, tcp_user_timeout or a query timeout.",
    source: "PostgreSQL manual, libpq keepalives and tcp_user_timeout",
  },
  "application.pool-exhausted": {
    severity: "medium when as many waited as the pool has, otherwise low",
    means: "Requests queued for a connection.",
    cause: "Each holds a place until its time-out while the database is away.",
    evidence: "Most requests waiting at once; the pool's maximum.",
    mend: "Short time-outs. A larger pool only moves the queue into the database.",
    source: "node-postgres documentation, Pool",
  },
  "application.reads-failed": {
    severity: "low",
    means: "Reads failed with the primary.",
    cause: "One pool for reads and writes.",
    evidence: "Failed reads through the application after the fault.",
    mend: "A second pool on the replicas' service.",
  },
  "application.healthy-without-writes": {
    severity: "low",
    means: "The health check said 200 while no write got through.",
    cause: "It does not ask for a primary.",
    evidence: "Health checks answered within outages of writes longer than 1 s.",
    mend: "Ask pg_is_in_recovery in it, or give readers and writers checks of their own.",
  },
};
