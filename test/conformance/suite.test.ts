import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Refused, type Client, type Ref } from "./client.ts";
import type { Ground } from "./ground.ts";
import { documentReader } from "./kubectl-client.ts";
import { NotOffered, play, type Case } from "./suite.ts";
import { conformanceTable, counted } from "./table.ts";

const ground: Ground = { kind: "cluster", namespace: "own", pods: ["a"], container: "c", volumePath: "/data" };

/** Test double: a client that keeps what was created, and whose objects in `sticky` stay until they are freed. */
function memory(sticky: readonly string[] = []) {
  const there = new Set<string>();
  const client = {
    name: "memory",
    create: async (thing: { metadata: { name: string } }) => void there.add(thing.metadata.name),
    get: async ({ name }: Ref) => (there.has(name) ? { metadata: { name } } : null),
    remove: async ({ name }: Ref) => {
      if (!there.has(name)) throw new Refused("not found", true);
      if (!sticky.includes(name)) there.delete(name);
    },
    mergePatch: async ({ name }: Ref) => void there.delete(name),
  } as unknown as Client;
  return { client, there };
}
const playAll = (client: Client, ...cases: Case[]) =>
  play(cases, { client, ground, onOutcome: () => undefined, goneWithinMs: 300 });

describe("the suite's player", () => {
  it("tells held, failed and not offered apart, and goes on after each", async () => {
    const outcomes = await playAll(
      memory().client,
      { name: "good", run: async () => undefined },
      { name: "bad", run: () => Promise.reject(new Error("the record is gone")) },
      { name: "absent", run: () => Promise.reject(new NotOffered("no way to do it")) },
    );
    expect(outcomes.map(({ name, outcome, reason }) => [name, outcome, reason])).toEqual([
      ["good", "held", ""],
      ["bad", "failed", "the record is gone"],
      ["absent", "not offered", "no way to do it"],
    ]);
    expect(counted(outcomes)).toBe("1 held, 1 not offered, 1 failed");
    expect(conformanceTable(outcomes, ["memory", "other"])).toMatchInlineSnapshot(`
      "| case | memory | other |
      | --- | --- | --- |
      | good | held | not played |
      | bad | FAILED | not played |
      | absent | not offered | not played |

      ✘ bad · memory
        the record is gone
      – absent · memory
        no way to do it"
    `);
  });
  it("removes what a case made, also when it failed, and frees what stays", async () => {
    const { client, there } = memory(["c0-1"]);
    await playAll(client, {
      name: "leaves two",
      run: async ({ start }) => {
        await start("NetworkChaos", {});
        await start("NetworkChaos", {});
        throw new Error("in the middle");
      },
    });
    expect([...there]).toEqual([]);
  });
});

it("a watch of kubectl is cut into documents wherever its pieces end, and whatever is in its texts", () => {
  const documents = [{ a: "}{" }, { b: '\\"}', c: { d: [] } }, { e: "\\" }];
  const text = documents.map((document, at) => JSON.stringify(document, null, at === 1 ? 4 : 0)).join("\n");
  for (let size = 1; size < 9; size += 1) {
    const seen: unknown[] = [];
    const take = documentReader((one) => seen.push(JSON.parse(one)));
    for (let at = 0; at < text.length; at += size) take(text.slice(at, at + size));
    expect(seen).toEqual(documents);
  }
});

describe("npm run test:conformance", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "test/conformance/main.ts", ...args], { encoding: "utf8" });
  it("explains itself", () => {
    const { status, stdout } = run("--help");
    expect(status).toBe(0);
    expect(stdout).toMatch(/--kubeconfig FILE[^]*Exit codes: 0 everything that is offered held/);
  });
  it.each<[string, string[], RegExp]>([
    ["a client", ["--client", "helm", "--kubeconfig", "none"], /--client helm: there are kubectl and client-node/],
    ["cases", ["--only", "zzz", "--kubeconfig", "none"], /no case has that in its name; see them with --list/],
    ["a flag", ["--colour", "--kubeconfig", "none"], /Unknown option '--colour'/],
  ])("refuses wrong usage: %s", (_what, args, words) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(words);
  });
});
