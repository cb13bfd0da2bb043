import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aftershock, startTrailServer, type TrailCopy, type TrailServer } from "../support/audit-trail.ts";

let server: TrailServer;
beforeAll(async () => {
  server = await startTrailServer();
});
afterAll(() => server?.stop());

/** What an owner of the tables does first, who wants to rewrite what happened. */
const unguarded = ["audit_log", "run_events", "run_decisions"].map(
  (table) => `alter table ${table} disable trigger user`,
);
/** And afterwards, so that it does not show. */
const guarded = ["audit_log", "run_events", "run_decisions"].map((table) => `alter table ${table} enable trigger user`);

/** Recomputes every hash from an entry on, as somebody would who knows how they are made. */
const rehashFrom = (seq: number): string => `do $do$
  declare e record; before text;
  begin
    select hash into before from audit_log where seq = ${seq} - 1;
    before := coalesce(before, repeat('0', 64));
    for e in select * from audit_log where seq >= ${seq} order by seq loop
      update audit_log set prev_hash = before, hash = encode(sha256(convert_to(concat_ws(E'\\n', before, e.seq,
        audit_time(e.at), e.db_role, e.source, e.op, e.subject, e.entry), 'UTF8')), 'hex') where seq = e.seq
        returning hash into before;
    end loop;
  end $do$`;

async function tampered(...statements: string[]): Promise<TrailCopy> {
  const copy = await server.copy();
  await copy.asOwner(...unguarded, ...statements, ...guarded);
  return copy;
}

/** The newest hash of the trail as it was written, and its length. */
async function headOf(url: string): Promise<{ seq: number; hash: string }> {
  const { out } = await aftershock(url, "audit", "verify");
  const found = /newest is entry (\d+), sha256 ([0-9a-f]{64})/.exec(out);
  if (found === null) throw new Error(out);
  return { seq: Number(found[1]), hash: found[2] ?? "" };
}

describe("an untouched trail", () => {
  it("holds, agrees with the tables, and holds the hash that was noted of it", async () => {
    const { url } = await server.copy();
    const verified = await aftershock(url, "audit", "verify");
    expect(verified).toMatchObject({ code: 0, err: "" });
    expect(verified.out).toMatch(/holds: 14 entries[\s\S]*both ways/);
    const { hash } = await headOf(url);
    expect(await aftershock(url, "audit", "verify", "--expect", hash)).toMatchObject({ code: 0 });
  });
  it("holds after its guards were off and on again", async () => {
    const { url } = await tampered();
    expect(await aftershock(url, "audit", "verify")).toMatchObject({ code: 0 });
  });
  it("goes on holding as more is written, also by a session with another time zone", async () => {
    const copy = await server.copy();
    await copy.asOwner(
      "set timezone = 'Asia/Kolkata'",
      "insert into run_events (run_id, seq, type, data) values ('run-1', 99, 'expired', '{\"z\": 1, \"aa\": [1.50, null]}')",
    );
    expect(await aftershock(copy.url, "audit", "verify")).toMatchObject({
      code: 0,
      out: expect.stringContaining("15 entries"),
    });
  });
});

describe("tampering with the trail, by the owner of the tables with the triggers disabled, is caught:", () => {
  it.each([
    [
      "an entry rewritten",
      ["update audit_log set entry = replace(entry, 'U0BOB', 'U0EVE') where seq = 4"],
      /entry 4: its hash is not that of its content/,
    ],
    [
      "an entry rewritten with its hash",
      [
        "update audit_log set entry = replace(entry, 'U0BOB', 'U0EVE') where seq = 4",
        rehashFrom(4).replace("seq >= 4", "seq = 4"),
      ],
      /entry 5: its previous hash is not the hash of entry 4/,
    ],
    ["a moment changed", ["update audit_log set at = at - interval '1 hour' where seq = 3"], /entry 3: its hash/],
    ["the database user changed", ["update audit_log set db_role = 'dba' where seq = 3"], /entry 3: its hash/],
    ["the subject changed", ["update audit_log set subject = 'run-2' where seq = 3"], /entry 3: its hash/],
    ["the kind of change changed", ["update audit_log set op = 'existing' where seq = 3"], /entry 3: its hash/],
    ["an entry deleted", ["delete from audit_log where seq = 4"], /entry 5: it follows entry 3: entry 4 is missing/],
    ["the first entries deleted", ["delete from audit_log where seq <= 2"], /entry 3: it is the first/],
    [
      "an entry deleted and the rest renumbered",
      ["delete from audit_log where seq = 4", "update audit_log set seq = seq - 1 where seq > 4"],
      /entry 4: its previous hash/,
    ],
    [
      "two entries swapped",
      ["update audit_log set seq = -seq where seq in (4, 5)", "update audit_log set seq = 9 + seq where seq < 0"],
      /entry 4: its previous hash/,
    ],
    [
      "the end cut off",
      ["delete from audit_log where seq > 9"],
      /the row run_faults \(run-1, p\) is no longer what it recorded: .* end of the trail was cut off/,
    ],
    ["all of it emptied", ["truncate audit_log"], /BROKEN in the tables: the row/],
    [
      "an entry rewritten and all after it rehashed",
      ["update audit_log set entry = replace(entry, 'U0BOB', 'U0EVE') where seq = 4", rehashFrom(4)],
      /entry 12: it notes another hash of entry \d+ than that has now/,
    ],
    [
      "rehashed, with the note of the head forged as well",
      [
        "update audit_log set entry = replace(entry, 'U0BOB', 'U0EVE') where seq = 4",
        "update audit_log set entry = replace(entry, 'audit-head', 'audit-head2') where seq = 12",
        rehashFrom(4),
      ],
      /entry \d+: the row run_\S+ \(.*\) is no longer what it recorded/,
    ],
  ])("%s", async (_what, statements, why) => {
    const { url } = await tampered(...statements);
    const verified = await aftershock(url, "audit", "verify");
    expect(verified.out).toMatch(why);
    expect(verified.code).toBe(1);
  });

  it("everything after a moment taken out of trail and tables alike, by the hash that was noted outside", async () => {
    const before = await server.copy();
    const { hash } = await headOf(before.url);
    const { url } = await tampered(
      "delete from audit_log where subject like 'schedule-%'",
      "alter table schedule_events disable trigger user",
      "delete from schedule_events",
      "alter table schedules disable trigger user",
      "delete from schedules",
      "alter table schedules enable trigger user",
      "alter table schedule_events enable trigger user",
    );
    // Nothing that is left disagrees with anything.
    expect(await aftershock(url, "audit", "verify")).toMatchObject({ code: 0 });
    const verified = await aftershock(url, "audit", "verify", "--expect", hash);
    expect(verified).toMatchObject({ code: 1, out: expect.stringContaining(`no entry has the hash ${hash}`) });
  });
});

describe("tampering with the tables is caught by the trail:", () => {
  it.each([
    [
      "an event rewritten",
      "update run_events set data = jsonb_set(data, '{by}', '\"U0EVE\"') where type = 'approved'",
      /entry \d+: the row run_events \(run-1, 2\) is no longer what it recorded/,
    ],
    [
      "an event deleted",
      "delete from run_events where type = 'abort-requested'",
      /entry \d+: the row run_events \(run-1, \d\) that it recorded is gone/,
    ],
    [
      "an approval rewritten",
      "update run_decisions set user_id = 'U0EVE'",
      /entry \d+: the row run_decisions \(1\) is no longer what it recorded/,
    ],
    [
      "an approval added with the triggers off",
      "insert into run_decisions (run_id, user_id, decision, plan_digest) values ('run-1', 'U0EVE', 'approved', 'x')",
      /the row run_decisions \(2\) is not in the trail/,
    ],
  ])("%s", async (_what, statement, why) => {
    const { url } = await tampered(statement);
    const verified = await aftershock(url, "audit", "verify");
    expect(verified.out).toMatch(why);
    expect(verified.code).toBe(1);
  });
  it.each([
    ["runs", "plan", "update runs set plan = jsonb_set(plan, '{risk}', '\"low\"')"],
    ["run_faults", "targets", `update run_faults set targets = '{"subject": [], "target": []}'`],
    ["run_artifacts", "bytes", "update run_artifacts set bytes = 'nothing was lost'"],
    ["schedules", "pattern", "update schedules set pattern = '* * * * *'"],
  ])("%s: its %s rewritten", async (table, _column, statement) => {
    const copy = await server.copy();
    await copy.asOwner(
      `alter table ${table} disable trigger user`,
      statement,
      `alter table ${table} enable trigger user`,
    );
    const verified = await aftershock(copy.url, "audit", "verify");
    expect(verified.out).toMatch(new RegExp(`the row ${table} \\(.*\\) is no longer what it recorded`));
    expect(verified.code).toBe(1);
    // The same change with the triggers on is in the trail, as a change: not hidden, so not broken.
    const open = await server.copy();
    await open.asOwner(statement);
    expect(await aftershock(open.url, "audit", "verify")).toMatchObject({ code: 0 });
  });
  it.each([
    ["disabled", "alter table run_faults disable trigger audited", /run_faults has its audit trigger disabled/],
    ["dropped", "drop trigger audited on run_faults", /run_faults has no audit trigger/],
    ["dropped with its table", "drop table run_faults", /entry \d+: the table run_faults .* is gone/],
  ])("a trigger %s", async (_what, statement, why) => {
    const copy = await server.copy();
    await copy.asOwner(statement);
    expect(await aftershock(copy.url, "audit", "verify")).toMatchObject({ code: 1, out: expect.stringMatching(why) });
  });
});
