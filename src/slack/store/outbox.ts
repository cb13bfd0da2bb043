import type { Queryable } from "../../store/database.ts";
import type { DesiredMessage, MessagePayload } from "../narrate.ts";

export interface OutboxRow {
  id: string;
  runId: string;
  key: string;
  channelId: string;
  inThread: boolean;
  payload: MessagePayload;
  version: number;
  state: "pending" | "sending" | "unknown" | "sent" | "failed";
  /** Slack's id of the message, once known. */
  ts: string | null;
  /** The card's, for messages in its thread. */
  threadTs: string | null;
  attempts: number;
  /** Texts that were sent for the first posting so far, with the one to be sent now. */
  tried: string[];
}

/**
 * Makes the outbox say what is wanted: new messages are added, changed ones get a new version. A message that Slack
 * refused is tried again with its new content, so that one bad edit does not silence the ones after it.
 */
export async function wantMessages(
  client: Queryable,
  runId: string,
  channelId: string,
  messages: readonly DesiredMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await client.query(
    `insert into slack_outbox (run_id, key, channel_id, position, in_thread, payload)
     select $1, row->>'key', coalesce(row->>'channelId', $2), (row->>'position')::int, (row->>'inThread')::boolean, row->'payload'
       from jsonb_array_elements($3::jsonb) with ordinality as rows (row, ordinality) order by ordinality
     on conflict (run_id, key) do update set payload = excluded.payload, version = slack_outbox.version + 1,
       state = case when slack_outbox.state <> 'failed' then slack_outbox.state
                    when slack_outbox.ts is null then 'pending' else 'sent' end
       where slack_outbox.payload is distinct from excluded.payload`,
    [runId, channelId, JSON.stringify(messages)],
  );
}

/**
 * Claims the next due row, if any: a first posting only when all earlier ones of its run have been posted (and the
 * card, for its thread), an edit at any time. Rows whose claimer vanished come back as `unknown` after `staleMs`.
 */
export async function claimDue(client: Queryable, staleMs: number): Promise<OutboxRow | null> {
  const { rows } = await client.query<{
    id: string;
    run_id: string;
    key: string;
    channel_id: string;
    in_thread: boolean;
    payload: MessagePayload;
    version: number;
    old_state: OutboxRow["state"];
    ts: string | null;
    thread_ts: string | null;
    attempts: number;
    tried: string[];
  }>(
    `with due as (
       select o.id, o.state as old_state, card.ts as thread_ts
         from slack_outbox o left join slack_outbox card on card.run_id = o.run_id and card.key = 'card'
        where o.next_at <= clock_timestamp()
          and (o.claimed_at is null or o.claimed_at < clock_timestamp() - $1 * interval '1 millisecond')
          and (o.state in ('pending', 'unknown', 'sending') or (o.state = 'sent' and o.version > o.sent_version))
          and (o.ts is not null or (
                (not o.in_thread or card.ts is not null)
                and not exists (select 1 from slack_outbox earlier
                                 where earlier.run_id = o.run_id and earlier.state in ('pending', 'sending', 'unknown')
                                   and (earlier.position, earlier.id) < (o.position, o.id))))
        order by (o.ts is not null), o.next_at, o.id limit 1 for update of o skip locked)
     update slack_outbox o set claimed_at = clock_timestamp(), attempts = attempts + 1,
            tried = case when o.ts is null and o.payload ? 'text' and not o.payload->>'text' = any(o.tried)
                         then o.tried || (o.payload->>'text') else o.tried end,
            state = case when o.state = 'pending' then 'sending' when o.state = 'sending' then 'unknown' else o.state end
       from due where o.id = due.id
     returning o.id, o.run_id, o.key, o.channel_id, o.in_thread, o.payload, o.version, due.old_state, o.ts,
               due.thread_ts, o.attempts, o.tried`,
    [staleMs],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    id: row.id,
    runId: row.run_id,
    key: row.key,
    channelId: row.channel_id,
    inThread: row.in_thread,
    payload: row.payload,
    version: row.version,
    // A row that was `sending` when it was claimed again lost its sender: whether it was posted is unknown.
    state: row.old_state === "sending" ? "unknown" : row.old_state,
    ts: row.ts,
    threadTs: row.thread_ts,
    attempts: row.attempts,
    tried: row.tried,
  };
}

/**
 * Slack has this version now. The next edit of the same message may go out after `spacingMs`, and later when many runs
 * are under way: `chat.update` allows 50 calls a minute for all of them together (tier 3), of which 45 are used.
 */
export async function markSent(
  client: Queryable,
  row: Pick<OutboxRow, "id" | "version">,
  ts: string | null,
  spacingMs: number,
): Promise<void> {
  await client.query(
    `update slack_outbox set state = 'sent', sent_version = $2, ts = coalesce($3, ts), claimed_at = null, attempts = 0,
            error = null,
            next_at = clock_timestamp() + greatest($4, sign($4) * $5 * (
              select count(*) from runs where ended_at is null and state not in ('requested', 'approved')
            )) * interval '1 millisecond'
      where id = $1`,
    [row.id, row.version, ts, spacingMs, 60_000 / 45],
  );
}

/** Not now: try again after `delayMs`, in the given state. */
export async function postpone(
  client: Queryable,
  id: string,
  state: "pending" | "unknown" | "sent",
  delayMs: number,
  error: string,
): Promise<void> {
  await client.query(
    `update slack_outbox set state = $2, claimed_at = null, error = $4,
            next_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1`,
    [id, state, delayMs, error],
  );
}

/** Slack asked to wait: nothing of the same kind (first postings, or edits) goes to that channel for `delayMs`. */
export async function pauseChannel(
  client: Queryable,
  row: Pick<OutboxRow, "channelId" | "ts">,
  delayMs: number,
): Promise<void> {
  await client.query(
    `update slack_outbox set next_at = greatest(next_at, clock_timestamp() + $3 * interval '1 millisecond')
      where channel_id = $1 and (ts is null) = $2 and (state in ('pending', 'unknown') or version > sent_version)`,
    [row.channelId, row.ts === null, delayMs],
  );
}

/** Slack's ids of the messages in a channel that are known to be another row's, newest first, at most 1,000. */
export async function postedIn(client: Queryable, channelId: string): Promise<string[]> {
  const { rows } = await client.query<{ ts: string }>(
    "select ts from slack_outbox where channel_id = $1 and ts is not null order by id desc limit 1000",
    [channelId],
  );
  return rows.map((row) => row.ts);
}

/** Slack does not take it; the reason stays in the row and goes to the log, not to Slack. */
export async function giveUp(client: Queryable, id: string, error: string): Promise<void> {
  await client.query("update slack_outbox set state = 'failed', claimed_at = null, error = $2 where id = $1", [
    id,
    error,
  ]);
}
