import type { Authoriser } from "../approvals/authoriser.ts";
import type { Cluster } from "../cluster/port.ts";
import { isAftershockError, messageOf } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import { createRecorder, type Recorder } from "../probes/recorder.ts";
import type { RunningProbes, SystemSession } from "../probes/system.ts";
import type { Database } from "../store/database.ts";
import { setFaultState } from "../store/faults.ts";
import { findRun, type StoredRun } from "../store/runs.ts";
import { requireApproved, requireInjectable, requireSamePlan, requireSameTargets } from "./approval-check.ts";
import { keepFault } from "./active-phase.ts";
import { conclude, type ChartRenderer } from "./conclude.ts";
import { checkGuards, type GuardEvent } from "./guards.ts";
import { exerciseOf, type RunExercise } from "./exercise.ts";
import { lookForEffect } from "./fault-effect.ts";
import type { HealDeadlines, HealingProof, Intent } from "./faults/fault-kind.ts";
import { faultKindOf } from "./faults/table.ts";
import { proveDataPath, proveFaultsGone, removeFaults } from "./heal.ts";
import { actionOf, intentOf, storeIntents } from "./inject.ts";
import { createJournal, type Journal } from "./journal.ts";
import { faultPossible, type RunOutcome } from "./lifecycle.ts";
import { takeOwnership, type LeaseSettings, type Ownership, type StopWish } from "./ownership.ts";
import { publishLive, type Publisher } from "./publish.ts";
import { systemContext, type Registry } from "./systems.ts";
import { pause } from "./wait.ts";

export interface ConductorDeps {
  database: Database;
  registry: Registry;
  /** Counts the approvals again at the start. It looks people up in Slack, and says nothing there. */
  authoriser: Authoriser;
  lease: LeaseSettings;
  healDeadlines: HealDeadlines;
  renderChart: ChartRenderer;
  log: (message: string, detail?: Record<string, unknown>) => void;
  /** Told about every run this worker owns, so that a shutdown can stop it. */
  onOwned: (ownership: Ownership) => void;
}

/** How long clients go on after the system has recovered, so that their outages end inside the history. */
const tailMs = 2000;
/** How long a worker that was told to leave waits for the system to recover; healing itself is not shortened. */
const shutdownRecoveryMs = 5000;

interface Ending {
  outcome: RunOutcome;
  reason: string | null;
}

interface Walk {
  deps: ConductorDeps;
  run: StoredRun;
  experiment: Experiment;
  cluster: Cluster;
  session: SystemSession;
  journal: Journal;
  ownership: Ownership;
  guards: GuardEvent[];
}

/**
 * Drives one approved run through its phases, alone: the lease decides who. Heals on every way out; when the lease
 * is lost it stops and touches nothing, since another worker heals then. Does nothing if the run is not waiting.
 */
export async function conduct(deps: ConductorDeps, runId: string): Promise<void> {
  const ownership = await takeOwnership(deps.database, runId, ["approved"], deps.lease);
  if (ownership === null) return;
  deps.onOwned(ownership);
  try {
    await walk(deps, ownership);
  } catch (error) {
    if (!ownership.lost.aborted) throw error;
    deps.log("lease lost; leaving the run to its new owner", { runId });
  } finally {
    ownership.release();
  }
}

async function walk(deps: ConductorDeps, ownership: Ownership): Promise<void> {
  const run = await findRun(deps.database, ownership.runId);
  if (run === null) throw new Error(`${ownership.runId} vanished`);
  const journal = createJournal(deps.database, ownership);
  await journal.say({ type: "claimed", worker: deps.lease.owner, fence: ownership.fence, takenOver: false });
  await journal.move("preflight");
  const guards: GuardEvent[] = [];
  let session: SystemSession | undefined;
  try {
    const experiment = deps.registry.experiments.find((candidate) => candidate.name === run.experiment);
    if (experiment === undefined) throw new Error(`the experiment ${run.experiment} is no longer in the catalogue`);
    await requireApproved(deps, run, ownership.lost);
    const cluster = deps.registry.cluster(run.plan.cluster);
    session = await deps.registry.system(run.plan.system).open(
      systemContext({
        cluster,
        namespace: run.plan.namespace,
        parameters: run.plan.parameters,
        runId: run.id,
        signal: ownership.lost,
        log: deps.log,
      }),
    );
    const all: Walk = { deps, run, experiment, cluster, session, journal, ownership, guards };
    const refused = await preflight(all);
    if (refused === null) return await experimentAndHeal(all);
    await conclude({ ...all, ending: refused, history: null, proofs: [] });
  } catch (error) {
    ownership.lost.throwIfAborted();
    if (journal.state() !== "preflight") throw error;
    // Nothing was touched yet: the run can simply end.
    const ending = await failure({ deps, run, journal }, error);
    await conclude({ deps, run, journal, guards, ending, history: null, proofs: [] });
  } finally {
    await session?.close();
  }
}

/** Null when everything holds; otherwise how the run ends, with nothing touched. */
async function preflight(all: Walk): Promise<Ending | null> {
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
  await requireSamePlan(deps.registry, { ...all, signal: ownership.lost });
  return null;
}

async function experimentAndHeal(all: Walk): Promise<void> {
  const { run, session, journal, ownership, deps } = all;
  const settings = await session.settings();
  const described = await session.describe();
  const recorder = createRecorder({
    type: "header",
    schemaVersion: 1,
    run: run.id,
    experiment: run.experiment,
    system: run.plan.system,
    zeroAt: new Date().toISOString(),
    ...described,
  });
  for (const setting of settings) recorder.setting(setting);
  recorder.phase("baseline");
  await journal.move("baseline", { atMs: 0 });

  const live: { probes?: RunningProbes; publisher?: Publisher } = {};
  const exercise = exerciseOf(session, recorder, journal);
  let ending: Ending;
  try {
    live.probes = await session.start(recorder);
    live.publisher = publishLive(journal, live.probes, (error) =>
      deps.log("publishing failed", { error: messageOf(error) }),
    );
    ending = await runFault(all, recorder, live.probes, exercise);
  } catch (error) {
    ownership.lost.throwIfAborted();
    ending = await failure({ deps, run, journal }, error);
  }
  try {
    const proofs = await healAndProve(all, recorder, ending, exercise);
    try {
      await finish(all, recorder, live);
    } catch (error) {
      // The fault is healed; what could not be read back is unknown, and the run says so instead of vanishing.
      ownership.lost.throwIfAborted();
      const failed = await failure({ deps, run, journal }, error);
      if (ending.outcome === "completed") ending = failed;
    }
    await journal.move("judging", { atMs: recorder.now() });
    await conclude({ ...all, ending, history: recorder.history(), proofs });
  } finally {
    await live.publisher?.stop().catch(() => undefined);
    await live.probes?.stop().catch(() => undefined);
  }
}

/** Baseline, injection, and the time of the fault. */
async function runFault(all: Walk, recorder: Recorder, probes: RunningProbes, exercise: RunExercise): Promise<Ending> {
  const { run, cluster, deps, journal, ownership } = all;
  const signal = AbortSignal.any([ownership.lost, ownership.stop]);
  await Promise.all([pause(run.plan.phases.baselineMs, signal), exercise.before(signal)]);
  ownership.lost.throwIfAborted();
  if (ownership.stop.aborted) return stopped(ownership);
  await requireSameTargets({ ...all, signal: ownership.lost });

  const pods = await cluster.pods(run.plan.namespace, ownership.lost);
  const intents: Intent[] = [];
  for (const fault of run.plan.faults) {
    const intent = intentOf(run.id, run.plan, fault, pods);
    intents.push((await faultKindOf(fault.kind).prepare?.(intent, { cluster, signal })) ?? intent);
  }
  recorder.phase("injecting");
  await storeIntents(journal, run.id, {
    intents,
    atMs: recorder.now(),
    require: (client) => requireInjectable(client, deps.authoriser, run),
  });
  for (const intent of intents) {
    const startedMs = recorder.now();
    try {
      await faultKindOf(intent.kind).inject(intent, { cluster, signal });
    } catch (error) {
      if (ownership.stop.aborted) return stopped(ownership);
      throw error;
    }
    await setFaultState(deps.database, run.id, intent.faultId, "injected");
    await tellInjected(journal, recorder, intent, startedMs);
  }
  // A run that is meant to have no fault is told apart from one whose fault never came.
  if (intents.every(({ kind }) => faultKindOf(kind).servesExercise === true)) {
    recorder.event({ atMs: recorder.now(), source: "run", event: "without-fault", detail: {} });
  }
  recorder.phase("active");
  await journal.move("active", { atMs: recorder.now() });
  const looked = lookForEffect({ ...all, intents, recorder, signal: ownership.lost }).catch((error: unknown) =>
    deps.log("the fault's effect could not be looked at", { error: messageOf(error) }),
  );
  const { durationMs } = run.plan.phases;
  const ended = await keepFault({ ...all, intents, probes, recorder, exercise, durationMs });
  await looked;
  if (ownership.stop.aborted) return stopped(ownership);
  return ended === null ? { outcome: "completed", reason: null } : { outcome: "failed", reason: ended };
}

/** The rules take hold somewhere between asking and the report that they have; times count from asking. */
async function tellInjected(journal: Journal, recorder: Recorder, intent: Intent, startedMs: number): Promise<void> {
  const tookMs = recorder.now() - startedMs;
  recorder.event({
    atMs: startedMs,
    source: "run",
    event: "fault-injected",
    detail: {
      fault: intent.faultId,
      name: intent.name,
      kind: intent.kind,
      action: actionOf(intent),
      pods: intent.targets.subject.map(({ pod }) => pod).join(" "),
      confirmedAfterMs: Math.round(tookMs),
    },
  });
  const { faultId: fault, kind, name } = intent;
  await journal.say({ type: "fault-injected", fault, kind, name, atMs: startedMs, tookMs });
}

/** Removes every fault, proves it in the data path, and waits for the system to agree with itself again. */
async function healAndProve(
  all: Walk,
  recorder: Recorder,
  ending: Ending,
  exercise: RunExercise,
): Promise<HealingProof[]> {
  const touched = faultPossible(all.journal.state());
  const { run, cluster, deps, journal, ownership, session } = all;
  recorder.phase("healing");
  await journal.move("healing", {
    atMs: recorder.now(),
    outcome: ending.outcome,
    ...(ending.reason === null ? {} : { reason: ending.reason }),
  });
  const { removed, proofs, faults } = await removeFaults({
    runId: run.id,
    cluster,
    database: deps.database,
    signal: ownership.lost,
    deadlines: deps.healDeadlines,
    now: recorder.now,
  });
  for (const { fault, name } of removed) {
    recorder.event({ atMs: recorder.now(), source: "run", event: "fault-removed", detail: { fault, name } });
  }
  recorder.phase("recovery");
  await journal.move("verifying", { atMs: recorder.now(), events: [...removed, ...proofs] });
  const paths = [
    ...(await proveFaultsGone(faults, { cluster, signal: ownership.lost })),
    ...(await proveDataPath(faults, { cluster, session, signal: ownership.lost })),
  ];
  if (paths.length > 0) await journal.say(...paths);

  const shutdown = isStopWish(ownership.stop.reason) && ownership.stop.reason.kind === "shutdown";
  const startedMs = recorder.now();
  const converged = await session.awaitConvergence(
    recorder,
    shutdown ? shutdownRecoveryMs : run.plan.phases.recoveryMs,
    ownership.lost,
  );
  const { converged: ok, summary, atMs = recorder.now() } = converged;
  await journal.say({ type: "converged", ok, summary, tookMs: atMs - startedMs });
  const shown = touched && !shutdown ? await exercise.after(ownership.lost) : [];
  if (shown.length > 0) await journal.say(...shown);
  return [...proofs, ...paths, ...shown];
}

/** Lets the clients finish, then reads back what every member holds, and removes what the probes wrote. */
async function finish(
  { session, ownership, deps }: Walk,
  recorder: Recorder,
  live: { probes?: RunningProbes; publisher?: Publisher },
): Promise<void> {
  await pause(tailMs, ownership.lost);
  await live.publisher?.stop();
  await live.probes?.stop();
  recorder.phase("final-reads");
  for (const read of await session.finalReads(recorder)) recorder.finalRead(read);
  await session
    .cleanUp()
    .catch((error: unknown) => deps.log("probe keys stay until they expire", { error: messageOf(error) }));
}

function stopped(ownership: Ownership): Ending {
  const wish: unknown = ownership.stop.reason;
  if (!isStopWish(wish)) return { outcome: "aborted", reason: "Stopped." };
  switch (wish.kind) {
    case "abort":
      return { outcome: "aborted", reason: `Stopped by <@${wish.by}>.` };
    case "stop-condition":
      return { outcome: "aborted", reason: `Stop condition ${wish.by}: ${wish.reason}.` };
    case "shutdown":
      return { outcome: "interrupted", reason: "The worker was shut down, and healed before it left." };
  }
}

function isStopWish(value: unknown): value is StopWish {
  return typeof value === "object" && value !== null && "kind" in value && "by" in value;
}

/** Says what went wrong in words for the channel; the stack goes to the log. */
async function failure(
  { deps, run, journal }: Pick<Walk, "deps" | "run" | "journal">,
  error: unknown,
): Promise<Ending> {
  deps.log("run failed", { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  if (isAftershockError(error) && error.code === "approval_void") {
    await journal.say({ type: "approval-void", digest: run.digest, reason: error.message });
    return { outcome: "failed", reason: `The approval is void, and nothing was injected. ${error.hint}` };
  }
  const problem = isAftershockError(error)
    ? { code: error.code, message: error.message, hint: error.hint }
    : { code: "internal", message: "The run met an unexpected error.", hint: "The worker's log has the details." };
  await journal.say({ type: "problem", ...problem });
  return { outcome: "failed", reason: problem.message };
}
