import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import { killed } from "./killed-redis.ts";

/** The run of that report. */
export const killedRun: ReportInput["run"] = {
  id: "run-1",
  experiment: "redis-failover",
  title: "Redis master killed",
  hypothesis: "A replica is promoted in time, and nothing is lost.",
  state: "completed",
  system: "redis-sentinel",
  cluster: "lab",
  namespace: "cache",
  parameters: { maxOutage: "30s", rate: 100 },
  requestedBy: "U1",
  approvedBy: ["U2"],
  planDigest: "abc",
  startedAt: "2026-01-01T00:00:00.000Z",
  endedAt: "2026-01-01T00:01:00.000Z",
};

let base: Report | undefined;

/** The report of a real judgement (a killed Redis master), with the id and the values of measures that are wanted. */
export function reportOf(
  id: string,
  values: Readonly<Record<string, number | null>> = {},
  like: Report = killedReport(),
): Report {
  const measures = like.measures.map((measure) => ({ ...measure, value: values[measure.id] ?? measure.value }));
  const lost = values["lost"] ?? like.writes.total.lost;
  return {
    ...like,
    run: { ...like.run, id },
    measures,
    writes: { ...like.writes, total: { ...like.writes.total, lost } },
  };
}

function killedReport(): Report {
  base ??= buildReport({
    history: killed(),
    run: killedRun,
    runVerdict: "completed",
    cleanupVerdict: "verified",
    guards: [],
    cleanup: [],
  });
  return base;
}
