import { describe, expect, it } from "vitest";
import { loadExperiments } from "../../src/experiment/load.ts";
import { readIdentity, restoreTargetProblems, type Identity } from "../../src/probes/backup/identity.ts";
import { withoutSecrets } from "../../src/probes/backup/plain-error.ts";
import { newestOf } from "../../src/probes/backup/source.ts";
import { boundsText, quotedTable, readTableBounds } from "../../src/probes/backup/table-bounds.ts";

const experiments = await loadExperiments("jobs");
/** What a text parameter of backup-verification may look like. */
const patternOf = (parameter: string): RegExp => {
  const found = experiments.find(({ name }) => name === "backup-verification")?.parameters[parameter];
  if (found?.type !== "text") throw new Error(`${parameter} is no text`);
  return new RegExp(found.pattern);
};

const member = (name: string, change: Partial<Identity> = {}): Identity => ({
  name,
  systemIdentifier: "71",
  address: "10.0.0.1",
  volumes: [`database/data-${name}`],
  ...change,
});
const members = [member("postgresql-0"), member("postgresql-1", { address: "10.0.0.2" })];
const own: Identity = { name: "own", systemIdentifier: "72", address: null, volumes: [] };

describe("the guard of a restore's target", () => {
  it("holds for an instance with an identifier, address and volume of its own", () => {
    expect(restoreTargetProblems(own, members)).toEqual([]);
    const far = { name: "far", systemIdentifier: "73", address: "10.9.9.9", volumes: undefined };
    expect(restoreTargetProblems(far, members)).toEqual([]);
  });
  it.each<[string, Partial<Identity>, RegExp]>([
    [
      "its identifier is a member's, whatever its name and address",
      { systemIdentifier: "71" },
      /system identifier of postgresql-0/,
    ],
    ["it answers at a replica's address", { address: "10.0.0.2" }, /address of postgresql-1/],
    ["it mounts a member's volume", { volumes: ["database/data-postgresql-1"] }, /volume of postgresql-1/],
    ["its identifier is unknown", { systemIdentifier: null }, /could not be read/],
    ["its address is unknown", { address: undefined }, /could not be read/],
  ])("fires when %s", (_what, change, problem) => {
    expect(restoreTargetProblems({ ...own, ...change }, members).join("; ")).toMatch(problem);
  });
  it("fires when a member is unknown, or there is none to compare with, and not for an equal name", () => {
    expect(restoreTargetProblems(own, [member("postgresql-0", { systemIdentifier: null })])).toHaveLength(1);
    expect(restoreTargetProblems(own, [])).toHaveLength(1);
    expect(restoreTargetProblems({ ...own, name: "postgresql-0" }, members)).toEqual([]);
  });
  it("reads an answer of the server, and nothing into one that is none", () => {
    expect(readIdentity("7711 10.1.2.3\n")).toEqual({ systemIdentifier: "7711", address: "10.1.2.3" });
    expect(readIdentity("7711 -")).toEqual({ systemIdentifier: "7711", address: null });
    expect(readIdentity("")).toEqual({ systemIdentifier: null, address: undefined });
    expect(readIdentity("psql: error")).toEqual({ systemIdentifier: null, address: undefined });
  });
});

describe("row bounds", () => {
  it("are read as they are meant", () => {
    expect(readTableBounds("users:1..,app.orders:1..100,products:5")).toEqual([
      { table: "users", least: 1, most: null },
      { table: "app.orders", least: 1, most: 100 },
      { table: "products", least: 5, most: 5 },
    ]);
    expect("users:1..,app.orders:1..100,products:5").toMatch(patternOf("tables"));
    expect(readTableBounds("")).toEqual([]);
    expect(readTableBounds("users:1..,orders:2..3,x:0").map(boundsText)).toEqual(["1 or more", "2 to 3", "exactly 0"]);
    expect(quotedTable("app.orders")).toBe('"app"."orders"');
  });
  it.each(["users:9..2", "users", "users:"])("that cannot hold are refused: %s", (text) =>
    expect(() => readTableBounds(text)).toThrow(/bounds nothing/),
  );
  it.each(["users:1;drop table x", 'users":1', "users:1..a", "users:-1"])("have no room for SQL: %s", (text) =>
    expect(text).not.toMatch(patternOf("tables")),
  );
});

describe("the newest backup", () => {
  it("is the youngest by the clock of its own pod", () => {
    const listing = "1000000\n999000 5 /b/z.dump\n999990 7 /b/a b.dump\n999500 9 /b/c.dump\n";
    expect(newestOf(listing)).toEqual({ newest: { name: "/b/a b.dump", bytes: 7, ageMs: 10_000 }, count: 3 });
    expect(newestOf("1000000\n")).toEqual({ newest: null, count: 0 });
  });
  it.each(["/b/$(id)", "/b/a;b", "/b/`x`", "b/a", "/b/a b", "/b/a'b"])("is not looked for by a path like %s", (path) =>
    expect(path).not.toMatch(patternOf("backupPath")),
  );
});

it("tells no password that a program wrote", () => {
  expect(withoutSecrets("could not connect to postgres://bot:hunter2@db/x\nPGPASSWORD=hunter2")).not.toContain(
    "hunter2",
  );
  expect(withoutSecrets("a ".repeat(400)).length).toBeLessThanOrEqual(301);
});
