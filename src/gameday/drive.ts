import { AftershockError, isAftershockError, messageOf } from "../errors.ts";
import type { Experiment } from "../experiment/schema.ts";
import { isTerminal } from "../run/lifecycle.ts";
import type { Actor, RunRequest, RunRow } from "../run/service.ts";
import { databaseNow, violates, type Database } from "../store/database.ts";
import { eventsAfter } from "../store/events.ts";
import { linkedRuns, linkOtherRun, unlinkedRuns, type LinkedRun } from "../store/game-days.ts";
import { findHalt, openHalt } from "../store/halts.ts";
import { findRun } from "../store/runs.ts";
import { appendAct, loadGameDay } from "./append.ts";
import { plannedItemOf } from "./agenda-item.ts";
import { longestWords } from "./events.ts";
import type { GameDay, Item } from "./state.ts";
import { resultOf } from "./run-result.ts";

export interface DriveDeps {
  database: Database;
  experiments(): readonly Experiment[];
  /** As `/chaos run` does it, with all that it refuses. */
  request(actor: Actor, request: RunRequest): Promise<RunRow>;
  /** True when the workspace says that the account is closed; false when it does not, or does not answer. */
  isDeactivated(userId: string, teamId: string): Promise<boolean>;
  log: (message: string, detail?: Record<string, unknown>) => void;
}

/**
 * A decision is acted on only for so long: a bot that comes back after an hour must not begin what people have given up
 * waiting for.
 */
export const decisionHoldsMs = 300_000;

/**
 * Brings a game day in line with what is true: asks for the run of an item that was decided, tells what became of runs
 * and halts, and who has left the workspace. May be called at any time, by several bots at once, and again after any of
 * them died: everything that it does is done once.
 */
export async function driveGameDay(deps: DriveDeps, id: string): Promise<void> {
  await followHalts(deps, id);
  await requestDecided(deps, id);
  await attachOthers(deps, id);
  await followRuns(deps, id);
}

async function followHalts({ database }: DriveDeps, id: string): Promise<void> {
  const [day, halt] = await Promise.all([loadGameDay(database, id), openHalt(database)]);
  if (day === null) return;
  if (halt !== null && day.phase !== "halted") {
    await appendAct(database, id, {
      kind: "halted",
      by: halt.by.slice(0, 200),
      reason: halt.reason?.slice(0, longestWords) ?? null,
      halt: halt.id,
    });
  }
  const held = day.phase === "halted" ? (day.held?.halt ?? null) : null;
  if (halt !== null || held === null) return;
  const lifted = await findHalt(database, held);
  if (lifted?.resumedBy != null)
    await appendAct(database, id, { kind: "halt-lifted", by: lifted.resumedBy.slice(0, 200), halt: held });
}

/** Asks for the run of the item that was decided go, in the name of whoever put it to the vote. */
async function requestDecided(deps: DriveDeps, id: string): Promise<void> {
  const { database } = deps;
  const day = await loadGameDay(database, id);
  const item = day?.items.find(({ state, refusal }) => state === "go" && refusal === null);
  if (day === null || item === undefined || day.phase !== "open") return;
  // Asked for before, and not told: whoever asked died in between.
  if (await tellRequested(deps, id, item.id)) return;
  const ageMs = Date.parse(await databaseNow(database)) - Date.parse(item.decidedAt ?? "");
  try {
    if (ageMs > decisionHoldsMs) {
      throw new AftershockError(
        "not_pending",
        "The bot was away when it was decided, and a decision holds for 5 minutes.",
        "Put it to the vote again: /chaos gameday next",
      );
    }
    await deps.request(requester(day, item), requestOf(day, item));
    await tellRequested(deps, id, item.id);
  } catch (error) {
    // Another bot was first: then this one's request met the other's run.
    if (violates(error, "game_day_runs_game_day_id_item_key") || (await tellRequested(deps, id, item.id))) {
      await tellRequested(deps, id, item.id);
      return;
    }
    if (!isAftershockError(error)) throw error;
    const [reason, hint] = [error.message, error.hint].map((text) => text.slice(0, longestWords));
    await appendAct(database, id, { kind: "run-refused", item: item.id, reason: reason ?? "", hint: hint ?? "" });
  }
}

function requester(day: GameDay, item: Item): Actor {
  return { userId: item.putBy ?? day.plannedBy, teamId: day.teamId, channelId: day.channelId };
}

function requestOf(day: GameDay, item: Item): RunRequest {
  const cluster = item.cluster ?? day.environment;
  return {
    experiment: item.experiment,
    parameters: item.parameters,
    ...(cluster === null ? {} : { cluster }),
    ...(item.profile === null ? {} : { profile: item.profile }),
    gameDay: { id: day.id, item: item.id },
  };
}

/** True when the item has a run, which is told then. */
async function tellRequested({ database }: DriveDeps, id: string, item: number): Promise<boolean> {
  const linked = (await linkedRuns(database, id)).find((each) => each.item === item);
  if (linked === undefined) return false;
  await appendAct(database, id, { kind: "run-requested", item, run: linked.run, state: stateToBegin(linked) });
  return true;
}

/** An ended run is told as running first, so that its end is told as one. */
function stateToBegin({ state }: Pick<LinkedRun, "state">): LinkedRun["state"] {
  return isTerminal(state) ? "requested" : state;
}

/** Runs of the channel that were asked for otherwise become items of their own. */
async function attachOthers({ database, experiments, log }: DriveDeps, id: string): Promise<void> {
  for (const runId of await unlinkedRuns(database, id)) {
    const run = await findRun(database, runId);
    if (run === null) continue;
    const experiment = experiments().find(({ name }) => name === run.experiment);
    const parameters = Object.fromEntries(
      Object.entries(run.plan.parameters).map(([name, value]) => [name, String(value)]),
    );
    const request = { experiment: run.experiment, parameters, profile: null, cluster: run.plan.cluster };
    const words = { expect: null, mayBreak: null, abortWhen: null };
    try {
      const item =
        experiment === undefined
          ? { ...request, ...words, title: run.plan.title, hypothesis: "" }
          : { ...plannedItemOf(experiment, { ...request, ...words }), parameters };
      await appendAct(
        database,
        id,
        { kind: "run-attached", by: run.requestedBy, item, run: run.id, state: stateToBegin(run) },
        (client) => linkOtherRun(client, run.id, id),
      );
    } catch (error) {
      log("a run was not attached to its game day", { run: run.id, gameDay: id, error: messageOf(error) });
    }
  }
}

/** Tells what became of its runs. */
async function followRuns({ database }: DriveDeps, id: string): Promise<void> {
  const day = await loadGameDay(database, id);
  if (day === null || !day.items.some(({ state }) => state === "running")) return;
  for (const { run, state } of await linkedRuns(database, id)) {
    const item = day.items.find((each) => each.run === run);
    if (item?.state !== "running") continue;
    if (isTerminal(state)) {
      const result = resultOf(state, await eventsAfter(database, run, 0));
      await appendAct(database, id, { kind: "run-ended", run, result });
    } else if (item.runState !== state) {
      await appendAct(database, id, { kind: "run-moved", run, state });
    }
  }
}

/** Says of everybody who decides something that they are gone, where the workspace says so. */
export async function missTheGone({ database, isDeactivated }: DriveDeps, id: string): Promise<void> {
  const day = await loadGameDay(database, id);
  for (const { userId, role } of day?.people ?? []) {
    if (role === "observer" || day === null) continue;
    if (await isDeactivated(userId, day.teamId)) await appendAct(database, id, { kind: "gone", user: userId });
  }
}
