import { redactDeep } from "../redact.ts";
import type { Queryable } from "./database.ts";

/** Whose events are numbered by its own row's `last_seq`, and where they stand. */
const logs = {
  schedule: { owner: "schedules", events: "schedule_events", subject: "schedule_id" },
  action: { owner: "actions", events: "action_events", subject: "action_id" },
  halt: { owner: "halts", events: "halt_events", subject: "halt_id" },
} as const;

/**
 * Appends events inside the caller's transaction, without what looks like a secret. Runs have their own way
 * (`appendEvents`), which asks for a fence.
 */
export async function appendNumbered(
  client: Queryable,
  of: keyof typeof logs,
  id: string,
  bodies: ReadonlyArray<{ type: string }>,
): Promise<void> {
  if (bodies.length === 0) return;
  const { owner, events, subject } = logs[of];
  await client.query(
    `with numbered as (update ${owner} set last_seq = last_seq + $2 where id = $1 returning last_seq - $2 as before)
     insert into ${events} (${subject}, seq, type, data)
     select $1, before + ordinality, element->>'type', element - 'type'
       from numbered, jsonb_array_elements($3::jsonb) with ordinality as rows (element, ordinality)`,
    [id, bodies.length, JSON.stringify(redactDeep(bodies))],
  );
}
