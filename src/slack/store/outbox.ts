import { noChannel } from "../../run/channels/no-channel.ts";
import type { Queryable } from "../../store/database.ts";
import type { DesiredMessage, MessagePayload } from "../narrate.ts";
import type { SlackRates } from "../rates.ts";

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
  /** Which claim of the row this is. */
  claim: number;
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
  // What has no channel, as a pipeline's run may, is told where the pipeline runs.
  const placed = messages.filter((message) => (message.channelId ?? channelId) !== noChannel);
  if (placed.length === 0) return;
  await client.query(
    `insert into slack_outbox (run_id, key, channel_id, position, in_thread, payload)
     select $1, row->>'key', coalesce(row->>'channelId', $2), (row->>'position')::int, (row->>'inThread')::boolean, row->'payload'
       from jsonb_array_elements($3::jsonb) with ordinality as rows (row, ordinality) order by ordinality
     on conflict (run_id, key) do update set payload = excluded.payload, version = slack_outbox.version + 1,
       wanted_at = case when slack_outbox.outstanding then slack_outbox.wanted_at else clock_timestamp() end,
       state = case when slack_outbox.state <> 'failed' then slack_outbox.state
                    when slack_outbox.ts is null then 'pending' else 'sent' end
       where slack_outbox.payload is distinct from excluded.payload`,
    [runId, channelId, JSON.stringify(placed)],
  );
}

/** Keys of the messages of a run (or schedule, or halt) that are wanted so far. */
export async function wantedKeys(client: Queryable, runId: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ key: string }>("select key from slack_outbox where run_id = $1", [runId]);
  return new Set(rows.map(({ key }) => key));
}

/**
 * Claims the next due row, if any, and takes its call from what Slack allows: a first posting only when all earlier ones of
 * its run have been posted (and the card, for its thread), an edit at any time. What stands in the channel itself (cards,
 * pages, halts) goes before what stands in threads, and waits for none of it; then goes who waits longest.
 * Rows whose claimer has not been heard of for `staleMs` come back, as `unknown` when it was posting.
 */
export async function claimDue(client: Queryable, staleMs: number, rates: SlackRates): Promise<OutboxRow | null> {
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
    claim: number;
    tried: string[];
  }>(
    // The conditions on a row stand beside its lock: only these are checked again when another sender had it meanwhile.
    `with due as (
       select o.id, o.state as old_state, card.ts as thread_ts, pace.scope, pace.calls * pace.each as cost, pace.ahead
         from slack_outbox o left join slack_outbox card on card.run_id = o.run_id and card.key = 'card'
         join lateral (values
           ('edit', o.ts is not null, 'edit', 1, $2 * interval '1 millisecond', $3 * interval '1 millisecond'),
           ('files', o.ts is null and o.payload->>'kind' = 'files', 'files',
             coalesce(jsonb_array_length(o.payload->'files'), 0), $4 * interval '1 millisecond', $5 * interval '1 millisecond'),
           ('post', o.ts is null and o.payload->>'kind' <> 'files', 'post:' || o.channel_id,
             1, $6 * interval '1 millisecond', $7 * interval '1 millisecond')
         ) as pace (kind, applies, scope, calls, each, ahead) on pace.applies
        where o.outstanding and o.next_at <= clock_timestamp()
          and (o.claimed_at is null or o.claimed_at < clock_timestamp() - $1 * interval '1 millisecond')
          and (o.ts is not null or (
                (not o.in_thread or card.ts is not null)
                and not exists (select 1 from slack_outbox earlier
                                 where earlier.run_id = o.run_id and earlier.outstanding and earlier.state <> 'sent'
                                   and (o.in_thread or not earlier.in_thread)
                                   and (earlier.position, earlier.id) < (o.position, o.id))))
          and not exists (select 1 from slack_pace p where p.scope = pace.scope
                           and p.paid_until > clock_timestamp() + pace.ahead)
          and not exists (select 1 from slack_pace p where p.scope = pace.kind || ':' || o.channel_id
                           and p.paused_until > clock_timestamp())
        order by o.in_thread, (o.ts is not null), o.next_at, o.id limit 1 for update of o skip locked),
     taken as (
       insert into slack_pace as p (scope, paid_until)
       select due.scope, clock_timestamp() + due.cost from due
       on conflict (scope) do update set paid_until = greatest(p.paid_until, clock_timestamp()) + (select cost from due)
        where p.paid_until <= clock_timestamp() + (select ahead from due)
       returning 1)
     update slack_outbox o set claimed_at = clock_timestamp(), claim = claim + 1, attempts = attempts + 1,
            tried = case when o.ts is null and o.payload ? 'text' and not o.payload->>'text' = any(o.tried)
                         then o.tried || (o.payload->>'text') else o.tried end,
            state = case when o.state = 'pending' then 'sending' when o.state = 'sending' then 'unknown' else o.state end
       from due, taken where o.id = due.id
     returning o.id, o.run_id, o.key, o.channel_id, o.in_thread, o.payload, o.version, due.old_state, o.ts,
               due.thread_ts, o.attempts, o.claim, o.tried`,
    [
      staleMs,
      ...[rates.edits, rates.files, rates.posts].flatMap(({ everyMs, burst }) => [everyMs, (burst - 1) * everyMs]),
    ],
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
    claim: row.claim,
    tried: row.tried,
  };
}

type Claim = Pick<OutboxRow, "id" | "claim">;

/** Says that the senders of these rows live. */
export async function renewClaims(client: Queryable, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  await client.query(
    `update slack_outbox o set claimed_at = clock_timestamp()
       from unnest($1::bigint[], $2::int[]) as mine (id, claim)
      where o.id = mine.id and o.claim = mine.claim and o.claimed_at is not null`,
    [claims.map(({ id }) => id), claims.map(({ claim }) => claim)],
  );
}

/** Slack has this version now. The next edit of the same message may go out after `spacingMs`. */
export async function markSent(
  client: Queryable,
  row: Claim & Pick<OutboxRow, "version">,
  ts: string | null,
  spacingMs: number,
): Promise<void> {
  await client.query(
    `update slack_outbox set state = 'sent', sent_version = $2, ts = coalesce($3, ts), claimed_at = null, attempts = 0,
            error = null, wanted_at = clock_timestamp(), next_at = clock_timestamp() + $4 * interval '1 millisecond'
      where id = $1 and claim = $5`,
    [row.id, row.version, ts, spacingMs, row.claim],
  );
}

/** Not now: try again after `delayMs`, in the given state. */
export async function postpone(
  client: Queryable,
  row: Claim,
  state: "pending" | "unknown" | "sent",
  delayMs: number,
  error: string,
): Promise<void> {
  await client.query(
    `update slack_outbox set state = $2, claimed_at = null, error = $4,
            next_at = clock_timestamp() + $3 * interval '1 millisecond' where id = $1 and claim = $5`,
    [row.id, state, delayMs, error, row.claim],
  );
}

/** Slack asked to wait: nothing of the same kind (messages, edits, or files) goes to that channel for `delayMs`. */
export async function pauseChannel(
  client: Queryable,
  row: Pick<OutboxRow, "channelId" | "ts" | "payload">,
  delayMs: number,
): Promise<void> {
  const kind = row.ts !== null ? "edit" : row.payload.kind === "files" ? "files" : "post";
  await client.query(
    `insert into slack_pace as p (scope, paused_until)
     values ($1, clock_timestamp() + $2 * interval '1 millisecond')
     on conflict (scope) do update set paused_until = greatest(p.paused_until, excluded.paused_until)`,
    [`${kind}:${row.channelId}`, delayMs],
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
export async function giveUp(client: Queryable, row: Claim, error: string): Promise<void> {
  await client.query(
    "update slack_outbox set state = 'failed', claimed_at = null, error = $2 where id = $1 and claim = $3",
    [row.id, error, row.claim],
  );
}
