import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliCommands } from "../../src/cli/table.ts";
import { bundleOf, largestPlainBytes, sha256 } from "../../src/run/export/bundle.ts";
import { narrate } from "../../src/slack/narrate.ts";
import { findArtifact, saveArtifact } from "../../src/store/artifacts.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { moveRun } from "../support/home-rig.ts";
import { typed, type Said } from "../support/typed.ts";

let db: TestDatabase;
let rig: DispatchRig;
beforeAll(async () => {
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
});
afterAll(() => db?.stop());

const bob = (channelId: string, teamId = "T1") => ({ userId: "U0BOB", teamId, channelId });
const artifact = (name: string, content: string) => ({ name, contentType: "text/plain", bytes: Buffer.from(content) });

async function endedRun(channelId: string): Promise<string> {
  const id = await insertTestRun(db.database, channelId);
  await saveArtifact(db.database, id, artifact("report.md", "# It held\n"));
  await saveArtifact(db.database, id, artifact("history.jsonl", '{"type":"header"}\n'));
  await moveRun(db.database, id, "completed");
  return id;
}

describe("/chaos export", () => {
  it("puts all files of a run into its thread as one, with sums that hold", async () => {
    const id = await endedRun("C-ONE");
    const reply = await rig.dispatcher.command(`export ${id}`, bob("C-ONE"));
    expect(reply.text).toBe(`The files of ${id} are being posted to the thread of the run.`);
    const zip = await findArtifact(db.database, id, `${id}-export.zip`);
    const files = unzipSync(new Uint8Array(zip?.bytes ?? []));
    expect(Object.keys(files)).toEqual([`${id}/history.jsonl`, `${id}/report.md`, `${id}/SHA256SUMS`]);
    for (const line of Buffer.from(files[`${id}/SHA256SUMS`] ?? [])
      .toString()
      .trim()
      .split("\n")) {
      const [sum, name] = line.split("  ");
      expect(
        createHash("sha256")
          .update(files[`${id}/${name}`] ?? "")
          .digest("hex"),
      ).toBe(sum);
    }
    const events = await rig.service.events(id);
    const run = await rig.service.find("", id);
    const message = narrate(run, events).find(({ key }) => key.startsWith("files:export:"));
    expect(message).toMatchObject({
      inThread: true,
      payload: { kind: "files", files: [{ name: `${id}-export.zip` }] },
    });
    expect(JSON.stringify(message)).toContain(sha256(zip?.bytes ?? Buffer.alloc(0)));
    // What was exported before is no part of the next one, and the next one is a message of its own.
    await rig.dispatcher.command(`export ${id}`, bob("C-ONE"));
    const again = await findArtifact(db.database, id, `${id}-export.zip`);
    expect(Object.keys(unzipSync(new Uint8Array(again?.bytes ?? [])))).toHaveLength(3);
    const keys = narrate(run, await rig.service.events(id)).map(({ key }) => key);
    expect(keys.filter((key) => key.startsWith("files:export:"))).toHaveLength(2);
  });
  it("says in which channel the thread is, when it is another one", async () => {
    const id = await endedRun("C-THERE");
    expect((await rig.dispatcher.command(`export ${id}`, bob("C-HERE"))).text).toContain("<#C-THERE>");
  });
  it("without a number offers those that have files, and says so where there is none", async () => {
    await expect(rig.dispatcher.command("export", bob("C-NONE"))).rejects.toMatchObject({
      message: expect.stringContaining("No run of this channel has files yet"),
    });
    await insertTestRun(db.database, "C-TWO");
    const id = await endedRun("C-TWO");
    const reply = await rig.dispatcher.command("export", bob("C-TWO"));
    expect(JSON.stringify(reply.blocks).match(/"value":"run-\d+"/g)).toEqual([`"value":"${id}"`]);
    await rig.dispatcher.click("aftershock:export-run", id, bob("C-TWO"));
    expect(await findArtifact(db.database, id, `${id}-export.zip`)).not.toBeNull();
  });
  it("refuses a run that has not ended, one that left nothing, one that is not there, and a stranger", async () => {
    const open = await insertTestRun(db.database, "C-NOT");
    const refused = (text: string, teamId?: string) =>
      rig.dispatcher.command(text, bob("C-NOT", teamId)).then(() => "", String);
    expect(await refused(`export ${open}`)).toContain("has not ended");
    const empty = await insertTestRun(db.database, "C-NOT");
    await moveRun(db.database, empty, "aborted");
    expect(await refused(`export ${empty}`)).toContain("left no files");
    expect(await refused("export run-9999")).toContain("There is no run");
    const id = await endedRun("C-NOT");
    expect(await refused(`export ${id}`, "T-OTHER")).toContain("Only members of this workspace");
    expect(await findArtifact(db.database, id, `${id}-export.zip`)).toBeNull();
  });
});

it("a large history is compressed, and says the same", async () => {
  const bytes = Buffer.alloc(largestPlainBytes + 1, '{"a":1}\n');
  const files = await bundleOf([{ name: "history.jsonl", contentType: "", bytes }]);
  expect(files.map(({ name }) => name)).toEqual(["history.jsonl.gz", "SHA256SUMS"]);
  expect(gunzipSync(files[0]?.bytes ?? Buffer.alloc(0)).equals(bytes)).toBe(true);
});

describe("aftershock export", () => {
  const type = (...argv: string[]): Promise<Said> => typed(cliCommands, argv, { DATABASE_URL: db.url });
  it("writes the files with their sums to a folder", async () => {
    const id = await endedRun("C-CLI");
    const directory = mkdtempSync(join(tmpdir(), "aftershock-export-"));
    try {
      const said = await type("export", id, "--out", join(directory, "new"));
      expect(said).toMatchObject({ code: 0, out: expect.stringContaining(`3 files of ${id}`) });
      expect(readdirSync(join(directory, "new")).toSorted()).toEqual(["SHA256SUMS", "history.jsonl", "report.md"]);
      expect(readFileSync(join(directory, "new", "report.md"), "utf8")).toBe("# It held\n");
      expect(await type("export", id, "--out", join(directory, "new", "report.md", "below"))).toMatchObject({
        code: 1,
      });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
  it("names the newest that have files when none was named, and the way on when it has not ended", async () => {
    const id = await endedRun("C-CLI");
    expect((await type("export")).err).toContain(`${id}  `);
    const open = await insertTestRun(db.database, "C-CLI");
    const said = await type("export", open);
    expect(said.err).toContain("has not ended");
    expect(said.err).toContain(`aftershock audit show ${open}`);
    expect(said.code).not.toBe(0);
  });
});
