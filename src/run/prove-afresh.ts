import { messageOf } from "../errors.ts";
import type { SystemSession } from "../probes/system.ts";
import type { StoredFault } from "../store/faults.ts";
import type { StoredRun } from "../store/runs.ts";
import { bounded } from "./bounded.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { proveDataPath, proveFaultsGone } from "./heal.ts";
import { systemContext } from "./systems.ts";
import type { ConductorDeps } from "./walk.ts";

/** Opening a system and tidying in it end before this, or are given up. */
const openMs = 60_000;

/**
 * Proves that a run's faults are gone without what its worker had in hand: by the cluster, and through the system, which
 * is opened afresh. A system that cannot be opened proves nothing. Never throws but for the signal.
 */
export async function proveAfresh(
  deps: Pick<ConductorDeps, "registry" | "log">,
  run: Pick<StoredRun, "id" | "plan">,
  faults: readonly StoredFault[],
  signal: AbortSignal,
): Promise<HealingProof[]> {
  // Without its cluster nothing was healed, which is said elsewhere, and nothing can be looked at.
  if (!deps.registry.clusterNames.includes(run.plan.cluster)) return [];
  const cluster = deps.registry.cluster(run.plan.cluster);
  const back = await proveFaultsGone(faults, { cluster, signal });
  let session: SystemSession | undefined;
  try {
    const open = (inner: AbortSignal): Promise<SystemSession> =>
      deps.registry.system(run.plan.system).open(
        systemContext({
          cluster,
          namespace: run.plan.namespace,
          parameters: run.plan.parameters,
          runId: run.id,
          signal: inner,
          log: deps.log,
        }),
      );
    const ended = new AbortController();
    const opened = open(AbortSignal.any([signal, ended.signal]));
    session = await bounded(() => opened, { deadlineMs: openMs, signal }).catch((error: unknown) => {
      ended.abort(error);
      opened.then((late) => late.close()).catch(() => undefined);
      throw error;
    });
    const paths = await proveDataPath(faults, { cluster, session, signal });
    const { cleanUp } = session;
    await bounded(() => cleanUp(), { deadlineMs: openMs, signal });
    return [...back, ...paths];
  } catch (error) {
    signal.throwIfAborted();
    deps.log("the system could not be opened to prove the healing", { run: run.id, error: messageOf(error) });
    // A run that injected nothing has nothing to prove.
    if (faults.length === 0 && run.plan.faults.length > 0) return back;
    return [...back, { type: "healing-proof", what: "the data path was tried", ok: false, detail: messageOf(error) }];
  } finally {
    await session?.close().catch(() => undefined);
  }
}
