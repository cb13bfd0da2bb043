import { z } from "zod";

/**
 * The report of one run, `report.json`. The zod schema is the source; the JSON Schema in
 * `src/findings/report.schema.json` is generated from it (`npm run schema`), and a test keeps the two equal.
 */
const count = z.int().min(0);
const ms = z.number();

export const writeCountsSchema = z.object({
  /** Operations that were due. */
  attempted: count,
  acknowledged: count,
  /** Certainly not applied. */
  failed: count,
  /** May or may not have been applied. */
  unknown: count,
  /** Acknowledged and not in the final state; null when there was no final read. */
  lost: count.nullable(),
  /** Unknown and present in the final state. */
  recovered: count.nullable(),
  /** Values present more than once in the final state. */
  duplicated: count.nullable(),
  /** Present in the final state though never attempted, or though certainly failed. */
  unexpected: count.nullable(),
});

export const outageSchema = z.object({
  /** Client id. */
  probe: z.string(),
  kind: z.enum(["write", "read"]),
  startMs: ms,
  /** Null: it had not recovered when the probes stopped (an open interval). */
  endMs: ms.nullable(),
  /** Null for an open interval. */
  lengthMs: ms.nullable(),
  /** What the operations in it ended with, most frequent first, e.g. `{ READONLY: 812 }`. */
  errors: z.record(z.string(), count),
});

export const findingSchema = z.object({
  /** Stable, e.g. `redis.lost-acknowledged-writes`. */
  id: z.string(),
  severity: z.enum(["critical", "high", "medium", "low", "info"]),
  title: z.string(),
  /** Measured facts, with numbers and units. */
  evidence: z.array(z.string()),
  /** What to change, and why that would have prevented it. */
  advice: z.string(),
  /** The setting that explains it, read from the live servers. */
  setting: z
    .object({ name: z.string(), value: z.string(), recommended: z.string(), member: z.string(), source: z.string() })
    .optional(),
});

export const verdictsSchema = z.object({
  hypothesis: z.enum(["held", "refuted", "inconclusive"]),
  run: z.enum(["completed", "aborted", "failed", "interrupted"]),
  cleanup: z.enum(["verified", "unverified"]),
});

/** One row of the table of measures: what, how much, in which unit, what it means. */
export const measureSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** Null: not observed; shown as "not observed", never as 0. */
  value: z.number().nullable(),
  unit: z.enum(["ms", "writes", "reads", "bytes", "percent", "count", "per-second"]),
  note: z.string().optional(),
  /** Which way is better; absent where neither is, and then a change is no regression. */
  better: z.enum(["lower", "higher"]).optional(),
});

/** What differs between two runs, by name; null: not there in that run. */
const differenceSchema = z.object({ name: z.string(), before: z.string().nullable(), now: z.string().nullable() });

/** Where a measured time lies beside an expected range. */
const placeSchema = z.enum(["earlier", "inside", "later"]);

export const reportSchema = z.object({
  schemaVersion: z.literal(2),
  run: z.object({
    id: z.string(),
    experiment: z.string(),
    title: z.string(),
    hypothesis: z.string(),
    state: z.string(),
    system: z.string(),
    cluster: z.string(),
    namespace: z.string(),
    parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    requestedBy: z.string(),
    approvedBy: z.array(z.string()),
    planDigest: z.string(),
    /** ISO 8601; all `…Ms` in the report count from here. */
    zeroAt: z.string().nullable(),
    /** How the probes reached the pods: through the API server; absent: at the pods' own addresses. */
    wayIn: z.literal("port-forward").optional(),
    startedAt: z.string(),
    endedAt: z.string(),
    /** Why the run did not complete; absent when it did. */
    reason: z.string().optional(),
    /** Where the audit trail stood when the report was made; `aftershock audit verify --expect HASH` finds it again. */
    auditHead: z.object({ entry: count, hash: z.string() }).optional(),
  }),
  verdicts: verdictsSchema,
  /** Why the hypothesis got its verdict, one sentence. */
  because: z.string(),
  writes: z.object({ total: writeCountsSchema, byClient: z.record(z.string(), writeCountsSchema) }),
  outages: z.array(outageSchema),
  measures: z.array(measureSchema),
  /**
   * Latency of acknowledged operations from the intended start, per client and phase. Null: too few values for that
   * percentile (src/findings/latency.ts).
   */
  latency: z.array(
    z.object({
      client: z.string(),
      phase: z.string(),
      /** Acknowledged operations: those that have a latency. */
      count,
      p50Ms: ms.nullable(),
      p95Ms: ms.nullable(),
      p99Ms: ms.nullable(),
      p999Ms: ms.nullable(),
      maxMs: ms.nullable(),
      /** Failed and unknown operations that were due in the same phase. */
      notOk: count,
    }),
  ),
  /** Ratios of those percentiles to the baseline's, while the fault was there and after it. */
  slowDowns: z.array(
    z.object({
      client: z.string(),
      stretch: z.enum(["fault", "recovery"]),
      baselineCount: count,
      count,
      notOk: count,
      p50: z.number().nullable(),
      p95: z.number().nullable(),
      p99: z.number().nullable(),
      max: z.number().nullable(),
    }),
  ),
  /** The last completed run of the same experiment on the same target; null: there is none, or it cannot be read. */
  comparison: z
    .object({
      run: z.string(),
      endedAt: z.string(),
      hypothesis: verdictsSchema.shape.hypothesis,
      parameters: z.array(differenceSchema),
      settings: z.array(differenceSchema),
      rows: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          unit: measureSchema.shape.unit,
          before: z.number().nullable(),
          now: z.number().nullable(),
          change: z.enum(["none", "better", "worse", "changed", "not-comparable"]),
        }),
      ),
    })
    .nullable(),
  /** Its measures among those of the comparable runs before it; absent in reports from before it was looked at. */
  usual: z
    .object({
      /** So many runs have to have seen a measure before it is judged. */
      least: count,
      /** The comparable runs, the oldest first. */
      runs: z.array(z.string()),
      rows: z.array(
        z.object({
          id: z.string(),
          title: z.string(),
          unit: measureSchema.shape.unit,
          now: z.number().nullable(),
          median: z.number().nullable(),
          /** Median absolute deviation. */
          deviation: z.number().nullable(),
          /** Up to this far from the median counts as none. */
          allowed: z.number().nullable(),
          /** Modified z-score (Iglewicz and Hoaglin); null where all runs were the same. */
          score: z.number().nullable(),
          /** Comparable runs that saw it. */
          runs: count,
          standing: z.enum(["usual", "worse", "better", "unknown", "too-few"]),
        }),
      ),
    })
    .optional(),
  /** What is commonly expected of the experiment, step by step; null: nothing is. */
  expected: z
    .object({
      source: z.string(),
      steps: z.array(
        z.object({ title: z.string(), fromMs: ms, toMs: ms, measuredMs: ms.nullable(), place: placeSchema.nullable() }),
      ),
    })
    .nullable(),
  /** Claimed recovery times against measured ones, this run's or the newest earlier ones on the cluster. */
  recoveryTimes: z.array(
    z.object({
      title: z.string(),
      claim: z.object({ fromMs: ms, toMs: ms, source: z.string() }).nullable(),
      /** Null: no run has measured it. */
      measured: z
        .object({
          valueMs: ms,
          run: z.string(),
          experiment: z.string(),
          endedAt: z.string(),
          place: placeSchema.nullable(),
        })
        .nullable(),
      note: z.string().optional(),
    }),
  ),
  timeline: z.array(
    z.object({
      atMs: ms,
      source: z.string(),
      event: z.string(),
      detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
  /** Lost acknowledged writes per client as ranges of sequence numbers, first 50. */
  lostRanges: z.record(z.string(), z.array(z.tuple([count, count]))),
  findings: z.array(findingSchema),
  /** What people wrote down while it ran, in their words; absent when nobody did. */
  notes: z
    .array(
      z.object({
        /** ISO 8601. */
        at: z.string(),
        /** Null: the run had no clock yet, or lost it with its worker. */
        atMs: ms.nullable(),
        by: z.string(),
        text: z.string(),
      }),
    )
    .optional(),
  guards: z.array(z.object({ id: z.string(), ok: z.boolean(), measured: z.string(), bound: z.string() })),
  settings: z.array(z.object({ member: z.string(), name: z.string(), value: z.string() })),
  cleanup: z.array(z.object({ what: z.string(), ok: z.boolean(), detail: z.string() })),
});

export type Report = z.infer<typeof reportSchema>;
export type Finding = z.infer<typeof findingSchema>;
export type ReportNote = NonNullable<Report["notes"]>[number];
export type Outage = z.infer<typeof outageSchema>;
export type Measure = z.infer<typeof measureSchema>;
export type WriteCounts = z.infer<typeof writeCountsSchema>;
export type Verdicts = z.infer<typeof verdictsSchema>;
