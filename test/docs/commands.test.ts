import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAftershockError } from "../../src/errors.ts";
import { insertTestRun, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { dispatchRig, type DispatchRig } from "../support/dispatch-rig.ts";
import { experimentsIn } from "./blocks.ts";
import { commandsOf, type DocumentedCommand } from "./commands.ts";
import { wrongAftershock, wrongNpm } from "./programs.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(`${root}docs`).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];
const commands = pages.flatMap((page) => commandsOf(page, readFileSync(root + page, "utf8")));
const run = commands.filter(({ notRun }) => notRun === null);
/** What a person mistyped, or a page did. Any other answer is about the moment: no such run, nobody's turn, not allowed. */
const mistyped: ReadonlySet<string> = new Set(["bad_command", "bad_parameter", "bad_experiment", "unknown_experiment"]);
/** `bad_command` that says what is missing at this moment, not that the line is wrong. */
const momentary = /game day|item|no form can be opened|Several runs are open/i;

let db: TestDatabase;
let rig: DispatchRig;
/** Where the pages' commands find the files that the pages give. */
const sandbox = mkdtempSync(join(tmpdir(), "aftershock-docs-"));
beforeAll(async () => {
  for (const page of pages) {
    for (const { name, text } of experimentsIn(readFileSync(root + page, "utf8"))) {
      writeFileSync(join(sandbox, `${name}.yaml`), text);
    }
  }
  // A page's word for a file of the reader's.
  copyFileSync(`${root}jobs/redis/split-brain.yaml`, join(sandbox, "FILE"));
  db = await startTestDatabase();
  rig = await dispatchRig(db.database);
  for (let at = 0; at < 12; at += 1) await insertTestRun(db.database);
});
afterAll(async () => {
  rmSync(sandbox, { recursive: true });
  await db?.stop();
});

async function wrongChaos(text: string): Promise<string | null> {
  const actor = { userId: "U0ALICE", teamId: "T1", channelId: "C1" };
  try {
    // What Slack makes of a name that is picked from its list.
    await rig.dispatcher.command(text.replace(/^\/chaos ?/, "").replace("@bob", "<@U0BOB|bob>"), actor);
    return null;
  } catch (error) {
    if (!isAftershockError(error)) throw error;
    const said = `${error.message} ${error.hint}`;
    return mistyped.has(error.code) && !momentary.test(error.message) ? `${error.code}: ${said}` : null;
  }
}

describe("every command of the documentation", () => {
  it(
    "in Slack: goes through the dispatcher, on the real services and the real catalogue",
    { timeout: 90_000 },
    async () => {
      const wrong: string[] = [];
      for (const { where, text } of run.filter(({ kind }) => kind === "chaos")) {
        const problem = await wrongChaos(text);
        if (problem !== null) wrong.push(`${where}: ${text}: ${problem}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  it("aftershock: is run where files are enough; otherwise its word and options are known", async () => {
    const wrong: string[] = [];
    for (const { where, text } of run.filter(({ kind }) => kind === "aftershock")) {
      const { problem } = await wrongAftershock(text, sandbox);
      if (problem !== null) wrong.push(`${where}: ${text}: ${problem}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it("npm: its script is there, and knows the options", () => {
    const npm = run.filter(({ kind }) => kind === "npm");
    expect(npm.flatMap(({ where, text }) => wrongNpm(text)?.replace(/^/, `${where}: ${text}: `) ?? [])).toEqual([]);
  });

  it("is counted; what is not run says why", () => {
    const of = (kind: DocumentedCommand["kind"]): number => run.filter((command) => command.kind === kind).length;
    const reasons = commands.flatMap(({ where, text, notRun }) =>
      notRun === null ? [] : [`${where}: ${text} (${notRun})`],
    );
    process.stdout.write(
      `commands in the documentation: ${of("chaos")} of Slack dispatched, ${of("aftershock")} aftershock, ${of("npm")} npm; ` +
        `${of("shell")} of other programs (test/lab/lab-docs-commands.test.ts); ${reasons.length} marked as not run:\n${reasons.join("\n")}\n`,
    );
    expect(of("chaos")).toBeGreaterThan(30);
    expect(of("aftershock")).toBeGreaterThan(5);
  });
});

describe("a wrong command in a page is found", () => {
  const page = [
    "```",
    "/chaos rnu redis-split-brain",
    "/chaos run redis-split-brain   /chaos show redis-splitbrain",
    "npx aftershock validate no/such/file.yaml",
    "DATABASE_URL=postgres://x npx aftershock heel --all   # heals",
    "npx aftershock heal --dry-rnu",
    "npm run dmeo",
    "npm run demo -- --raport DIR",
    "```",
  ].join("\n");
  const found = commandsOf("x.md", page);

  it("of Slack, also the second of a line", async () => {
    const answers = await Promise.all(found.filter(({ kind }) => kind === "chaos").map(({ text }) => wrongChaos(text)));
    expect(answers).toEqual([
      expect.stringContaining("Did you mean"),
      null,
      expect.stringContaining("unknown_experiment"),
    ]);
  });
  it("of aftershock and npm", async () => {
    const ours = found.filter(({ kind }) => kind === "aftershock");
    expect(ours.map(({ text }) => text)).toContain("aftershock heel --all");
    for (const { text } of ours) expect((await wrongAftershock(text, sandbox)).problem, text).not.toBeNull();
    for (const { text } of found.filter(({ kind }) => kind === "npm")) expect(wrongNpm(text), text).not.toBeNull();
  });
  it("and a fence that is open", () => expect(() => commandsOf("x.md", "```\n/chaos")).toThrow(/line 1/));
});
