import { stopped, type Ending } from "./ending.ts";
import { sameTargets } from "./fault-manifest.ts";
import { checkGuards } from "./guards.ts";
import { resolveFaultsNow } from "./planner.ts";
import type { Walk } from "./walk.ts";

/** Null when everything holds; otherwise how the run ends, with nothing touched. */
export async function preflight(all: Walk): Promise<Ending | null> {
  const { run, session, journal, deps, ownership } = all;
  const topology = await session.topology();
  const groups = Object.fromEntries(Object.entries(topology.groups).map(([name, pods]) => [name, [...pods]]));
  await journal.say({ type: "topology", summary: topology.summary, groups });
  all.guards.push(
    ...(await checkGuards({ runId: run.id, plan: run.plan, session, cluster: all.cluster, database: deps.database })),
  );
  await journal.say(...all.guards);
  if (ownership.stop.aborted) return stopped(ownership);
  const failed = all.guards.filter((guard) => !guard.ok);
  if (failed.length > 0) {
    const names = failed.map((guard) => guard.title.toLowerCase()).join("; ");
    return { outcome: "failed", reason: `Guard failed: ${names}. Nothing was injected.` };
  }
  return targetsMoved(all);
}

/** Null while the targets are those that were approved; otherwise how the run ends. */
export async function targetsMoved({ experiment, run, session, cluster, ownership }: Walk): Promise<Ending | null> {
  const now = await resolveFaultsNow(experiment, run.plan, session, { cluster, signal: ownership.lost });
  if (sameTargets(now, run.plan.faults)) return null;
  const pods = (faults: typeof now | typeof run.plan.faults): string =>
    faults.map((f) => [...f.subject, ...Object.values(f.resolved ?? {})].join(" ")).join(", ");
  return {
    outcome: "failed",
    reason: `The approval was for ${pods(run.plan.faults)}, but the target is ${pods(now)} now. Nothing was injected; ask for the run again.`,
  };
}
