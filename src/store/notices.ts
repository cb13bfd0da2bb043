import type { Notice } from "../run/notice.ts";
import type { Queryable } from "./database.ts";

export async function appendNotice(client: Queryable, notice: Notice): Promise<void> {
  const { kind, ...data } = notice;
  await client.query("insert into notices (kind, data) values ($1, $2)", [kind, JSON.stringify(data)]);
}

/** Those that nobody was told of, oldest first. `noteTold` decides who tells one. */
export async function untoldNotices(client: Queryable, atMost: number): Promise<Array<{ id: string; notice: Notice }>> {
  const { rows } = await client.query<{ id: string; kind: Notice["kind"]; data: Omit<Notice, "kind"> }>(
    `select n.id, n.kind, n.data from notices n
      where not exists (select 1 from notices_told t where t.notice_id = n.id) order by n.id limit $1`,
    [atMost],
  );
  return rows.map(({ id, kind, data }) => ({ id, notice: { kind, ...data } }));
}

/** True when this call noted it first. */
export async function noteTold(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query("insert into notices_told (notice_id) values ($1) on conflict do nothing", [
    id,
  ]);
  return rowCount === 1;
}
