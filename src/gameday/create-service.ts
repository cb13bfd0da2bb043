import type { Authoriser } from "../approvals/authoriser.ts";
import { AftershockError } from "../errors.ts";
import { nearest } from "../experiment/nearest.ts";
import { enforce } from "../run/decide.ts";
import { nearHint } from "../run/near-ids.ts";
import type { Actor, RunService } from "../run/service.ts";
import { inTransaction, violates, type Database } from "../store/database.ts";
import {
  appendGameDayEvents,
  insertGameDay,
  newestGameDayIds,
  newestGameDayOf,
  openGameDayOf,
} from "../store/game-days.ts";
import { newestRetrospectiveOf } from "../store/retrospectives.ts";
import { findRun } from "../store/runs.ts";
import { plannedItemOf } from "./agenda-item.ts";
import { appendAct, loadGameDay } from "./append.ts";
import { bounds, type Act } from "./decide/act.ts";
import { planEvents } from "./plan.ts";
import { withActionsNow } from "./retrospective/actions-now.ts";
import { readRetrospective } from "./retrospective/make.ts";
import type { Done, GameDayService, PersonsAct } from "./service.ts";
import { currentItem, nextItem, type GameDay } from "./state.ts";

export interface GameDayOptions {
  database: Database;
  authoriser: Authoriser;
  runs: Pick<RunService, "experiments" | "experiment">;
  clusterNames: readonly string[];
  /** Does at once what an act makes necessary, e.g. asks for a run; it is done anyhow, a moment later. Never rejects. */
  onChange: (id: string) => Promise<void>;
}

/** Whoever does these commands, or takes the command. */
const conveningActs: ReadonlySet<PersonsAct["kind"]> = new Set([
  "start",
  "ask-ready",
  "next",
  "skip",
  "pause",
  "resume",
  "end",
]);

/** The GameDayService on PostgreSQL. */
export function createGameDayService(options: GameDayOptions): GameDayService {
  const { database, authoriser, runs } = options;

  const existing = async (id: string): Promise<GameDay> => {
    const found = await loadGameDay(database, normaliseGameDayId(id));
    if (found !== null) return found;
    throw new AftershockError(
      "unknown_game_day",
      `There is no game day "${id}".`,
      nearHint(normaliseGameDayId(id), await newestGameDayIds(database), "See the one of this channel: /chaos gameday"),
    );
  };
  /** The open one of the channel, which must be the one that was seen. */
  const meant = async (channelId: string, seen?: string): Promise<string> => {
    const open = await openGameDayOf(database, channelId);
    if (open !== null && (seen === undefined || seen === open)) return open;
    if (seen !== undefined) {
      throw new AftershockError("not_pending", `${seen} has ended.`, "See what is on now: /chaos gameday");
    }
    throw noneOpen();
  };
  const record = async (id: string, act: Act): Promise<Done> => {
    const appended = await appendAct(database, id, act);
    if (!appended.allowed) throw new AftershockError("not_pending", appended.message, appended.hint);
    await options.onChange(id);
    return { day: (await loadGameDay(database, id)) ?? appended.day, events: appended.events };
  };
  /** The item's run may be ahead of what the game day was told. */
  const runStateOf = async (id: string, wanted: number | null) => {
    const day = await existing(id);
    const item = wanted === null ? (currentItem(day) ?? nextItem(day)) : day.items.find((each) => each.id === wanted);
    const run = item?.run == null ? null : await findRun(database, item.run);
    return run?.state ?? null;
  };
  const itemOf = (request: Parameters<GameDayService["add"]>[1]) => {
    const item = plannedItemOf(runs.experiment(request.experiment), request);
    requireCluster(item.cluster, options.clusterNames);
    return item;
  };

  return {
    plan: async (actor, { agenda, ...plan }) => {
      enforce(await authoriser.decide({ act: "convene", actor }));
      requireCluster(plan.environment, options.clusterNames);
      const items = agenda.map(itemOf);
      if (items.length > bounds.items) {
        throw new AftershockError(
          "bad_parameter",
          `An agenda has at most ${bounds.items} items.`,
          "Plan another game day for the rest.",
        );
      }
      const events = planEvents(actor.userId, { ...plan, items });
      const id = await inTransaction(database, async (client) => {
        const { teamId, channelId } = actor;
        const inserted = await insertGameDay(client, { teamId, channelId });
        await appendGameDayEvents(client, { id: inserted, seen: 0, phase: "planned" }, events);
        return inserted;
      }).catch(async (error: unknown) => {
        if (!violates(error, "one_open_game_day_per_channel")) throw error;
        const open = await openGameDayOf(database, actor.channelId);
        throw new AftershockError(
          "not_pending",
          `${open ?? "Another game day"} is on in this channel, and there is one at a time.`,
          "Look at it: /chaos gameday status. Or end it: /chaos gameday end",
        );
      });
      return existing(id);
    },
    add: async (actor, request) => {
      enforce(await authoriser.decide({ act: "convene", actor }));
      const item = itemOf(request);
      return record(await meant(actor.channelId), { kind: "add", by: actor.userId, item });
    },
    act: async (actor, act, seen) => {
      const commands = conveningActs.has(act.kind) || (act.kind === "role" && act.role === "commander");
      enforce(await authoriser.decide({ act: commands ? "convene" : "take-part", actor }));
      // Who is given the command must be somebody who may have it.
      if (act.kind === "role" && act.user !== actor.userId) await requireFit(act.user, act.role, actor);
      const id = await meant(actor.channelId, seen);
      if (act.kind === "predict") {
        return record(id, { ...act, by: actor.userId, runState: await runStateOf(id, act.item) });
      }
      return record(id, { ...act, by: actor.userId });
    },
    halted: async (channelId) => {
      const id = await openGameDayOf(database, channelId);
      if (id !== null) await options.onChange(id);
      return id === null ? null : loadGameDay(database, id);
    },
    open: async (channelId) => {
      const id = await openGameDayOf(database, channelId);
      return id === null ? null : loadGameDay(database, id);
    },
    find: async (channelId, id) => {
      const wanted = id ?? (await openGameDayOf(database, channelId)) ?? (await newestGameDayOf(database, channelId));
      if (wanted === null) throw noneOpen();
      return existing(wanted);
    },
    retrospective: async (channelId, id) => {
      const wanted = id === undefined ? await newestRetrospectiveOf(database, channelId) : (await existing(id)).id;
      const retro = wanted === null ? null : await readRetrospective(database, wanted);
      return retro === null ? null : withActionsNow(database, retro);
    },
  };

  async function requireFit(userId: string, role: string, { teamId, channelId }: Actor): Promise<void> {
    const act = role === "commander" ? "convene" : "take-part";
    const answer = await authoriser.decide({ act, actor: { userId, teamId } });
    if (answer.allowed) return;
    throw new AftershockError(
      "not_allowed",
      `<@${userId}> may not have that role here.`,
      channelId === "" ? answer.hint : `Name somebody else. ${answer.hint}`,
    );
  }
}

/** `3` and `gameday-3` are the same game day. */
export function normaliseGameDayId(typed: string): string {
  const text = typed.trim().toLowerCase();
  return /^\d+$/.test(text) ? `gameday-${text}` : text;
}

function noneOpen(): AftershockError {
  return new AftershockError(
    "unknown_game_day",
    "There is no game day in this channel.",
    'Plan one: /chaos gameday plan title="…" agenda="redis-split-brain; etcd-quorum-loss"',
  );
}

function requireCluster(cluster: string | null, known: readonly string[]): void {
  if (cluster === null || known.includes(cluster)) return;
  const close = nearest(cluster, known);
  throw new AftershockError(
    "unknown_cluster",
    `There is no cluster "${cluster}".`,
    close === undefined ? `There are: ${known.join(", ")}` : `Did you mean ${close}?`,
  );
}
