import { requireSamePlan } from "./approval-check.ts";
import { stopped, type Ending } from "./ending.ts";
import { checkGuards } from "./guards.ts";
import { checkWatches } from "./watching/watch-guard.ts";
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
  all.guards.push(...(await checkWatches(run.plan, deps.registry.watching(run.plan.cluster), ownership.lost)));
  await journal.say(...all.guards);
  if (ownership.stop.aborted) return stopped(ownership);
  const failed = all.guards.filter((guard) => !guard.ok);
  if (failed.length > 0) {
    const names = failed.map((guard) => guard.title.toLowerCase()).join("; ");
    return { outcome: "failed", reason: `Guard failed: ${names}. Nothing was injected.` };
  }
  await requireSamePlan(deps.registry, { ...all, signal: ownership.lost });
  return null;
}
