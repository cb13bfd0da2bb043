import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aftershock, redisUid, startTrailServer, type TrailServer } from "../support/audit-trail.ts";

const folder = mkdtempSync(join(tmpdir(), "aftershock-audit-"));
const file = join(folder, "trail.jsonl");
let server: TrailServer;
let url: string;
let lines: string[];
beforeAll(async () => {
  server = await startTrailServer();
  ({ url } = await server.copy());
  expect(await aftershock(url, "audit", "export", "--out", file)).toMatchObject({
    code: 0,
    out: `14 entries in ${file}\n`,
  });
  lines = readFileSync(file, "utf8").trimEnd().split("\n");
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

/** An address where nothing listens: what is verified from a file needs no database. */
const nowhere = "postgres://nobody@127.0.0.1:1/none";
const verifyLines = (changed: readonly string[], ...more: string[]) => {
  const copy = join(folder, "changed.jsonl");
  writeFileSync(copy, changed.map((line) => `${line}\n`).join(""));
  return aftershock(nowhere, "audit", "verify", "--from", copy, ...more);
};
const changed = (at: number, change: (line: string) => string): string[] =>
  lines.map((line, index) => (index === at ? change(line) : line));
const headHash = (): string => (JSON.parse(lines.at(-1) ?? "") as { hash: string }).hash;

describe("an exported trail", () => {
  it("is verified without a database, and only its owner may read it", async () => {
    expect(lines).toHaveLength(15);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const verified = await verifyLines(lines, "--expect", headHash());
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining("14 entries") });
  });
  it("is the same on standard output", async () => {
    const { out } = await aftershock(url, "audit", "export");
    expect(out.trimEnd().split("\n").slice(1)).toEqual(lines.slice(1));
  });
  it("can be recomputed by an outsider with the lines that docs/audit.md gives", () => {
    const docs = readFileSync(new URL("../../docs/audit.md", import.meta.url), "utf8");
    const program = /```python\n([\s\S]*?)```/.exec(docs)?.[1] ?? "";
    expect(program.trim().split("\n").length).toBeLessThanOrEqual(11);
    const python = (path: string) =>
      execFileSync("python3", ["-c", program, path], { encoding: "utf8", stdio: "pipe" });
    expect(python(file)).toBe(`holds 14 ${headHash()}\n`);
    const forged = join(folder, "forged.jsonl");
    writeFileSync(forged, `${changed(4, (line) => line.replaceAll("U0BOB", "U0EVE")).join("\n")}\n`);
    expect(() => python(forged)).toThrow(/broken at entry 4/);
    writeFileSync(forged, `${lines.slice(0, -2).join("\n")}\n`);
    expect(python(forged)).toMatch(/^cut off 12 /);
  });
  it.each([
    ["an entry is rewritten", () => changed(4, (line) => line.replaceAll("U0BOB", "U0EVE")), /entry 4: its hash/],
    ["an entry is taken out", () => lines.toSpliced(4, 1), /entry 5: it follows entry 3: entry 4 is missing/],
    ["an entry is there twice", () => lines.toSpliced(4, 0, lines[4] ?? ""), /entry 4: it follows entry 4/],
    ["its end is cut off", () => lines.slice(0, -2), /entry 12: the end should be entry 14, [\s\S]* and is entry 12/],
    ["all but its header is cut off", () => lines.slice(0, 1), /the end should be entry 14.* and is nothing/],
  ])("is broken when %s", async (_what, make, why) => {
    const verified = await verifyLines(make());
    expect(verified.out).toMatch(why);
    expect(verified.code).toBe(1);
  });
  it("with its end cut off and its header forged to fit is found out by a hash noted elsewhere", async () => {
    const last = JSON.parse(lines.at(-3) ?? "") as { seq: number; hash: string };
    const header = JSON.stringify({ ...JSON.parse(lines[0] ?? ""), head: { seq: last.seq, hash: last.hash } });
    const cut = [header, ...lines.slice(1, -2)];
    expect(await verifyLines(cut)).toMatchObject({ code: 0 });
    expect(await verifyLines(cut, "--expect", headHash())).toMatchObject({ code: 1 });
  });
  it("of one run holds what is about it, and says that it is a part", async () => {
    const { out } = await aftershock(url, "audit", "export", "--run", "1");
    const part = out.trimEnd().split("\n");
    expect(part).toHaveLength(13);
    const verified = await verifyLines(part);
    expect(verified).toMatchObject({ code: 0, out: expect.stringContaining("run-1 only") });
    expect(await verifyLines(part.map((line) => line.replaceAll("U0BOB", "U0EVE")))).toMatchObject({ code: 1 });
  });
  it("since a moment begins there, without gaps from then on", async () => {
    const since = (JSON.parse(lines[5] ?? "") as { at: string }).at;
    const part = (await aftershock(url, "audit", "export", "--since", since)).out.trimEnd().split("\n");
    // PostgreSQL's moments are finer than a Date: the millisecond's own entries are in.
    expect(part.slice(-10)).toEqual(lines.slice(-10));
    expect(await verifyLines(part)).toMatchObject({ code: 0, out: expect.stringContaining("since") });
    expect(await verifyLines(part.toSpliced(-3, 1))).toMatchObject({ code: 1 });
    expect((await aftershock(url, "audit", "export", "--since", "24h")).out.trimEnd().split("\n")).toHaveLength(15);
  });
  it.each([
    [["export", "--since", "yesterday"], /--since yesterday: it must be a date or an age/],
    [["verify", "--expect", "abc"], /must be a whole hash/],
    [["verify", "--from", "/nowhere/trail.jsonl"], /ENOENT/],
    [["verify", "--from", new URL("../../package.json", import.meta.url).pathname], /not a line of an exported trail/],
    [["verify", "--deep"], /Unknown option/],
    [["export", "--out", "/nowhere/trail.jsonl"], /--out \/nowhere\/trail\.jsonl/],
    [["show"], /Name one run or schedule/],
    [["delete"], /no "aftershock audit delete"/],
    [[], /What of the audit trail/],
  ])("is not what %j asks for, which is said with exit code 2", async (args, why) => {
    const answer = await aftershock(url, "audit", ...args);
    expect(answer.err).toMatch(why);
    expect(answer.code).toBe(2);
  });
  it("cannot be verified where no database answers, which is neither holds nor broken", async () => {
    expect(await aftershock(nowhere, "audit", "verify")).toMatchObject({ code: 2, out: "" });
  });
});

describe("aftershock audit show", () => {
  it("tells who asked, who approved what, who stopped, and which pods were touched", async () => {
    const { out, code } = await aftershock(url, "audit", "show", "run-1");
    expect(code).toBe(0);
    expect(out).toMatch(/U0ALICE +asked for redis-split-brain, plan d{64}/);
    expect(out).toMatch(/U0BOB +approved plan d{64} \(1 of 1\): game day/);
    expect(out).toMatch(/U0CAROL +asked to stop: too slow·"quoted" ümlaut/);
    expect(out).toContain(`intent to inject NetworkChaos cache/n on lab into redis-0 (uid ${redisUid})`);
    expect(out).toContain("file report.md, sha256 ");
  });
  it("knows schedules as well, and says when it knows nothing", async () => {
    expect((await aftershock(url, "audit", "show", "schedule-1")).out).toContain("expired: nobody approved in time");
    expect(await aftershock(url, "audit", "show", "run-99")).toMatchObject({
      code: 1,
      err: expect.stringContaining("knows no run-99"),
    });
  });
});
