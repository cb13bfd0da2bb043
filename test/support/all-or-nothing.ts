import { expect } from "vitest";
import { AftershockError } from "../../src/errors.ts";
import { errorMessage } from "../../src/slack/errors.ts";
import { limits, type MessageContent } from "../../src/slack/limits.ts";
import type { Database } from "../../src/store/database.ts";
import { rowCounts } from "./dispatch-rig.ts";

export function withinLimits({ text, blocks }: MessageContent): void {
  expect(text.length).toBeLessThanOrEqual(limits.messageText);
  expect(text).not.toBe("");
  expect(blocks.length).toBeLessThanOrEqual(limits.blocks);
  expect(JSON.stringify({ text, blocks })).not.toMatch(/<!(channel|here|everyone)>/);
}

/** Does it, and returns what was refused; whatever is thrown and no AftershockError is thrown on. */
export async function refusalOf(work: () => Promise<MessageContent | void>): Promise<AftershockError | null> {
  try {
    const reply = await work();
    if (reply !== undefined) withinLimits(reply);
    return null;
  } catch (error) {
    if (!(error instanceof AftershockError)) throw error;
    expect(error.message).not.toBe("");
    expect(error.hint).not.toBe("");
    withinLimits(errorMessage(error, () => expect.unreachable("an AftershockError needs no log")));
    return error;
  }
}

/** A refusal stores nothing; what is done is stored whole: a run or schedule with its first event and its state. */
export async function storesAllOrNothing(
  database: Database,
  work: () => Promise<MessageContent | void>,
): Promise<AftershockError | null> {
  const before = await rowCounts(database);
  const refusal = await refusalOf(work);
  if (refusal !== null) expect(await rowCounts(database)).toEqual(before);
  return refusal;
}

/** Runs and schedules that were stored without what belongs to them. */
export async function halves(database: Database): Promise<unknown[]> {
  const { rows } = await database.query(
    `select id from runs r where not exists (select 1 from run_events e where e.run_id = r.id and e.type = 'requested')
     union all select run_id from run_events e where not exists (select 1 from runs r where r.id = e.run_id)
     union all select id from runs r where state <> 'requested'
       and not exists (select 1 from run_events e where e.run_id = r.id and e.type = 'state' and e.data->>'to' = r.state)
     union all select id from schedules s
       where not exists (select 1 from schedule_events e where e.schedule_id = s.id and e.type = 'requested')`,
  );
  return rows;
}
