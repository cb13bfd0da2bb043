import type {
  Action,
  ActionEvent,
  ActionEventBody,
  ActionNote,
  ActionState,
  FindingRef,
} from "../run/actions/action.ts";
import type { Queryable } from "./database.ts";
import { appendNumbered } from "./numbered-events.ts";

export type NewAction = Pick<
  Action,
  "title" | "owner" | "dueOn" | "runId" | "finding" | "createdBy" | "teamId" | "channelId"
>;

/** Which open actions are wanted; what is absent does not matter. */
export interface ActionFilter {
  channelId?: string;
  experiment?: string;
  owner?: string;
}

const columns = `a.id, a.state, a.title, a.owner, a.due_on::text, a.run_id, r.experiment, a.finding, a.created_by,
  a.created_at, a.team_id, a.channel_id, a.closed_by, a.closed_at, a.closed_why`;
const tables = "actions a left join runs r on r.id = a.run_id";

interface Row {
  id: string;
  state: ActionState;
  title: string;
  owner: string;
  due_on: string | null;
  run_id: string | null;
  experiment: string | null;
  finding: FindingRef | null;
  created_by: string;
  created_at: Date;
  team_id: string;
  channel_id: string;
  closed_by: string | null;
  closed_at: Date | null;
  closed_why: string | null;
}

function fromRow(row: Row): Action {
  return {
    id: row.id,
    state: row.state,
    title: row.title,
    owner: row.owner,
    dueOn: row.due_on,
    runId: row.run_id,
    experiment: row.experiment,
    finding: row.finding,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    teamId: row.team_id,
    channelId: row.channel_id,
    closedBy: row.closed_by,
    closedAt: row.closed_at?.toISOString() ?? null,
    closedWhy: row.closed_why,
  };
}

/** Returns the new action's id. */
export async function insertAction(client: Queryable, action: NewAction): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into actions (title, owner, due_on, run_id, finding, created_by, team_id, channel_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [
      action.title,
      action.owner,
      action.dueOn,
      action.runId,
      action.finding === null ? null : JSON.stringify(action.finding),
      action.createdBy,
      action.teamId,
      action.channelId,
    ],
  );
  if (rows[0] === undefined) throw new Error("insert into actions returned no row");
  return rows[0].id;
}

export async function findAction(client: Queryable, id: string): Promise<Action | null> {
  const { rows } = await client.query<Row>(`select ${columns} from ${tables} where a.id = $1`, [id]);
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

/** Locks the action's row until the transaction ends, then reads it. */
export async function lockAction(client: Queryable, id: string): Promise<Action | null> {
  await client.query("select 1 from actions where id = $1 for update", [id]);
  return findAction(client, id);
}

/** Those that are not done: what is due first, then what has no day; at most `limit`. */
export async function openActions(client: Queryable, filter: ActionFilter, limit: number): Promise<Action[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from ${tables}
      where a.state = 'open' and ($1::text is null or a.channel_id = $1) and ($2::text is null or r.experiment = $2)
        and ($3::text is null or a.owner = $3)
      order by a.due_on nulls last, a.created_at, a.id limit $4`,
    [filter.channelId ?? null, filter.experiment ?? null, filter.owner ?? null, limit],
  );
  return rows.map(fromRow);
}

/** How many there are, shown or not. */
export async function countOpenActions(client: Queryable, filter: ActionFilter): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from ${tables}
      where a.state = 'open' and ($1::text is null or a.channel_id = $1) and ($2::text is null or r.experiment = $2)
        and ($3::text is null or a.owner = $3)`,
    [filter.channelId ?? null, filter.experiment ?? null, filter.owner ?? null],
  );
  return rows[0]?.count ?? 0;
}

/** As many as an approver is told of. */
const mostNotes = 20;

/** What an approver of an experiment is told, for the event `requested`: the open actions of its earlier runs. */
export async function stillOpen(client: Queryable, experiment: string): Promise<{ openActions?: ActionNote[] }> {
  const found = await openActions(client, { experiment }, mostNotes);
  if (found.length === 0) return {};
  return { openActions: found.map(({ id, title, owner, dueOn, runId }) => ({ id, title, owner, dueOn, runId })) };
}

/** Of a game day: those of its runs, and those of no run that were added in its channel while it went on; oldest first. */
export async function actionsOfGameDay(
  client: Queryable,
  day: { runIds: readonly string[]; channelId: string; from: string; until: string },
): Promise<Action[]> {
  const { rows } = await client.query<Row>(
    `select ${columns} from ${tables}
      where a.run_id = any($1)
         or (a.run_id is null and a.channel_id = $2 and a.created_at >= $3 and a.created_at <= $4)
      order by a.created_at, a.id`,
    [day.runIds, day.channelId, day.from, day.until],
  );
  return rows.map(fromRow);
}

/** Enough to find the one that was meant. */
export async function newestActionIds(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>("select id from actions order by created_at desc limit 50");
  return rows.map(({ id }) => id);
}

/** Applies what a `changed` event says; the caller holds the row's lock. */
export async function changeAction(
  client: Queryable,
  id: string,
  change: { title?: string; owner?: string; dueOn?: string | null },
): Promise<void> {
  await client.query(
    `update actions set title = coalesce($2, title), owner = coalesce($3, owner),
            due_on = case when $4 then $5::date else due_on end
      where id = $1`,
    [id, change.title ?? null, change.owner ?? null, change.dueOn !== undefined, change.dueOn ?? null],
  );
}

/** False: it was ended before, or there is none. */
export async function closeAction(
  client: Queryable,
  end: { id: string; state: "done" | "dropped"; by: string; why: string | null },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update actions set state = $2, closed_by = $3, closed_why = $4, closed_at = clock_timestamp()
      where id = $1 and state = 'open'`,
    [end.id, end.state, end.by, end.why],
  );
  return rowCount === 1;
}

/**
 * Takes one action whose day has come and whose owner was not reminded of that day, for one of any number of bots; null:
 * there is none. The caller notes it as an event in the same transaction. The moment is `remindAtMs` of src/run/actions/due.ts.
 */
export async function claimReminder(client: Queryable): Promise<{ id: string; owner: string; dueOn: string } | null> {
  const { rows } = await client.query<{ id: string; owner: string; due_on: string }>(
    `with due as (
       select id from actions
        where state = 'open' and due_on is not null and reminded_for is distinct from due_on
          and (due_on + interval '12 hours') at time zone 'UTC' <= clock_timestamp()
        order by due_on, id limit 1 for update skip locked)
     update actions a set reminded_for = due_on from due where a.id = due.id
     returning a.id, a.owner, a.due_on::text`,
  );
  const row = rows[0];
  return row === undefined ? null : { id: row.id, owner: row.owner, dueOn: row.due_on };
}

/** Appends events to an action inside the caller's transaction. */
export async function appendActionEvents(
  client: Queryable,
  id: string,
  bodies: readonly ActionEventBody[],
): Promise<void> {
  await appendNumbered(client, "action", id, bodies);
}

/** All events of an action, in order. */
export async function actionEvents(client: Queryable, id: string): Promise<ActionEvent[]> {
  const { rows } = await client.query<{ seq: number; at: Date; type: string; data: Record<string, unknown> }>(
    "select seq, at, type, data from action_events where action_id = $1 order by seq",
    [id],
  );
  // Rows are only ever written from an ActionEventBody.
  return rows.map(
    ({ seq, at, type, data }) => ({ ...data, type, action: id, seq, at: at.toISOString() }) as ActionEvent,
  );
}
