import type { Asked, Authoriser } from "../../approvals/authoriser.ts";
import { AftershockError } from "../../errors.ts";
import {
  actionEvents,
  appendActionEvents,
  changeAction,
  closeAction,
  countOpenActions,
  findAction,
  insertAction,
  lockAction,
  newestActionIds,
  openActions,
} from "../../store/actions.ts";
import { databaseNow, inTransaction, type Database, type Queryable } from "../../store/database.ts";
import { findRun } from "../../store/runs.ts";
import { enforce, existingRun } from "../decide.ts";
import { judgedReport } from "../judged.ts";
import { nearHint } from "../near-ids.ts";
import type { Actor } from "../service.ts";
import { subjectOf } from "../subject.ts";
import { normaliseActionId, type Action } from "./action.ts";
import { changeOf, checkDueOn, checkFinding, checkPerson, checkTitle, checkWhy } from "./rules.ts";
import type { ActionService } from "./service.ts";

/** The ActionService on PostgreSQL and the policy. */
export function createActionService(options: { database: Database; authoriser: Authoriser }): ActionService {
  const { database, authoriser } = options;

  /** Looks up what the decision needs, then writes under the action's lock. */
  const tend = async (
    actor: Actor,
    typed: string,
    write: (client: Queryable, action: Action) => Promise<void>,
  ): Promise<Action> => {
    const found = await existing(database, typed);
    const run = found.runId === null ? null : await findRun(database, found.runId);
    const asked = (action: Action): Asked => ({
      act: "tend-action",
      actor,
      ...(run === null ? {} : { subject: subjectOf(run) }),
      concerned: [action.owner, action.createdBy],
    });
    const facts = await authoriser.facts(asked(found));
    return inTransaction(database, async (client) => {
      const action = (await lockAction(client, found.id)) ?? found;
      enforce(authoriser.judge(asked(action), facts));
      requireOpen(action);
      await write(client, action);
      return existing(client, found.id);
    });
  };
  const close = (
    actor: Actor,
    typed: string,
    end: { state: "done" | "dropped"; why: string | null },
  ): Promise<Action> =>
    tend(actor, typed, async (client, { id }) => {
      await closeAction(client, { id, by: actor.userId, ...end });
      await appendActionEvents(client, id, [{ type: end.state, by: actor.userId, reason: end.why }]);
    });

  return {
    open: async (filter, limit) => {
      const [actions, count, at] = await Promise.all([
        openActions(database, filter, limit),
        countOpenActions(database, filter),
        databaseNow(database),
      ]);
      return { actions, count, at };
    },
    find: async (typed) => {
      const action = await existing(database, typed);
      const [events, at] = await Promise.all([actionEvents(database, action.id), databaseNow(database)]);
      return { action, events, at };
    },
    findings: async (typed) => {
      const { id } = await existingRun(database, typed);
      return { runId: id, findings: (await judgedReport(database, id))?.findings ?? [] };
    },
    add: async (actor, request) => {
      enforce(await authoriser.decide({ act: "add-action", actor }));
      const title = checkTitle(request.title);
      const owner = request.owner === null ? actor.userId : checkPerson(request.owner);
      const dueOn = checkDueOn(request.dueOn, new Date(await databaseNow(database)));
      const run = request.runId === null ? null : await existingRun(database, request.runId);
      const finding =
        run === null || request.findingId === null
          ? null
          : checkFinding(request.findingId, run.id, (await judgedReport(database, run.id))?.findings ?? []);
      const channelId = run?.channelId ?? actor.channelId;
      if (channelId === "") {
        throw new AftershockError(
          "not_supported_here",
          "An action without a run belongs to a channel.",
          'Add it there, or name a run: /chaos actions add run-12 "…"',
        );
      }
      return inTransaction(database, async (client) => {
        const runId = run?.id ?? null;
        const by = actor.userId;
        const { teamId } = actor;
        const id = await insertAction(client, {
          title,
          owner,
          dueOn,
          runId,
          finding,
          createdBy: by,
          teamId,
          channelId,
        });
        await appendActionEvents(client, id, [{ type: "added", by, title, owner, dueOn, run: runId, finding }]);
        return existing(client, id);
      });
    },
    change: async (actor, typed, wanted) => {
      const now = new Date(await databaseNow(database));
      return tend(actor, typed, async (client, action) => {
        const change = changeOf(
          action,
          {
            ...(wanted.title === undefined ? {} : { title: checkTitle(wanted.title) }),
            ...(wanted.owner === undefined ? {} : { owner: checkPerson(wanted.owner) }),
            // A day that is over may stay as it is; a new one must be to come.
            ...(wanted.dueOn === undefined || wanted.dueOn === action.dueOn
              ? {}
              : { dueOn: checkDueOn(wanted.dueOn, now) }),
          },
          actor.userId,
        );
        if (change === null) return;
        await changeAction(client, action.id, change);
        await appendActionEvents(client, action.id, [change]);
      });
    },
    done: (actor, typed, why) => close(actor, typed, { state: "done", why: checkWhy(why) }),
    drop: async (actor, typed, given) => {
      const why = checkWhy(given);
      if (why !== null) return close(actor, typed, { state: "dropped", why });
      throw new AftershockError(
        "bad_command",
        "Dropping an action needs a reason: what was found stays as it is.",
        `For example: /chaos actions drop ${typed} why="we accept it until the new cluster"`,
      );
    },
  };
}

/** Throws AftershockError `unknown_action`. */
async function existing(client: Queryable, typed: string): Promise<Action> {
  const id = normaliseActionId(typed);
  const action = await findAction(client, id);
  if (action !== null) return action;
  throw new AftershockError(
    "unknown_action",
    `There is no action "${typed}".`,
    nearHint(id, await newestActionIds(client), "See the open ones of this channel: /chaos actions"),
  );
}

function requireOpen({ id, state, closedBy }: Action): void {
  if (state === "open") return;
  throw new AftershockError(
    "not_pending",
    `${id} was ${state === "done" ? "noted as done" : "dropped"} by <@${closedBy ?? ""}> already.`,
    `See it: /chaos actions ${id}`,
  );
}
