import { messageOf } from "../errors.ts";
import type { SystemSession } from "../probes/system.ts";
import type { StoredFault } from "../store/faults.ts";
import type { StoredRun } from "../store/runs.ts";
import { bounded } from "./bounded.ts";
import type { HealingProof } from "./faults/fault-kind.ts";
import { proveDataPath, proveFaultsGone } from "./heal.ts";
import { openPlanned } from "./systems.ts";
import { pause } from "./wait.ts";
import type { ConductorDeps } from "./walk.ts";
import { joinSignals } from "../join-signals.ts";

/** Opening a system and tidying in it end before this, or are given up. */
const openMs = 60_000;
/** A system that has just been healed may have no leader for a moment: opening it is tried again for so long. */
const defaultPatienceMs = 30_000;
const againMs = 1000;

/**
 * Proves that a run's faults are gone without what its worker had in hand: by the cluster, and through the system, which
 * is opened afresh. A system that cannot be opened proves nothing. Never throws but for the signal.
 */
export async function proveAfresh(
  deps: Pick<ConductorDeps, "registry" | "log">,
  run: Pick<StoredRun, "id" | "plan">,
  faults: readonly StoredFault[],
  signal: AbortSignal,
  { patienceMs } = { patienceMs: defaultPatienceMs },
): Promise<HealingProof[]> {
  // Without its cluster nothing was healed, which is said elsewhere, and nothing can be looked at.
  if (!deps.registry.clusterNames.includes(run.plan.cluster)) return [];
  const cluster = deps.registry.cluster(run.plan.cluster);
  const back = await proveFaultsGone(faults, { cluster, signal });
  let session: SystemSession | undefined;
  try {
    const open = (inner: AbortSignal): Promise<SystemSession> =>
      openPlanned(deps.registry, run.plan, { runId: run.id, signal: inner, log: deps.log });
    session = await openPatiently(open, { patienceMs, signal });
    const paths = await proveDataPath(faults, { cluster, session, signal });
    const { cleanUp } = session;
    // What the clients wrote is no fault: that it stays for a while says nothing about the healing.
    await bounded(() => cleanUp(), { deadlineMs: openMs, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      deps.log("probe keys stay until they expire", { run: run.id, error: messageOf(error) });
    });
    return deps.registry.hide([...back, ...paths]);
  } catch (error) {
    signal.throwIfAborted();
    deps.log("the system could not be opened to prove the healing", { run: run.id, error: messageOf(error) });
    // A run that injected nothing has nothing to prove.
    if (faults.length === 0 && run.plan.faults.length > 0) return back;
    const detail = deps.registry.hide(messageOf(error));
    return [...back, { type: "healing-proof", what: "the data path was tried", ok: false, detail }];
  } finally {
    await session?.close().catch(() => undefined);
  }
}

async function openPatiently(
  open: (signal: AbortSignal) => Promise<SystemSession>,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<SystemSession> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const ended = new AbortController();
    const opened = open(joinSignals(signal, ended.signal));
    try {
      return await bounded(() => opened, { deadlineMs: openMs, signal });
    } catch (error) {
      ended.abort(error);
      opened.then((late) => late.close()).catch(() => undefined);
      signal.throwIfAborted();
      if (performance.now() > end) throw error;
    }
    await pause(againMs, signal);
  }
}
