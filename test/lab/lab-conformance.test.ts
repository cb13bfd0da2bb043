import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { allCases } from "../conformance/cases/all.ts";
import type { Client } from "../conformance/client.ts";
import { clearGround, layGround, type Ground } from "../conformance/ground.ts";
import { kubectlClient } from "../conformance/kubectl-client.ts";
import { nodeClient } from "../conformance/node-client.ts";
import { play, type Case, type Outcome } from "../conformance/suite.ts";
import type { Asked } from "../support/hostile-api/asked.ts";
import { startHostileApi, type HostileApi } from "../support/hostile-api/hostile-api.ts";
import type { Misdeed } from "../support/hostile-api/misdeeds.ts";

/** The quick part of `npm run test:conformance`, and proof that the suite sees a server that breaks the contract. */
describe.skipIf(process.getuid?.() !== 0)("the conformance suite on the lab", () => {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const kubectl = execFileSync("sh", ["deploy/fetch-kubectl.sh", "1.32"], { encoding: "utf8" }).trim();
  let lab: LaunchedLab;
  let api: HostileApi;
  let ground: Ground;
  /** Both through the proxy, which passes everything on until it is told otherwise. */
  let clients: Client[];
  beforeAll(async () => {
    lab = await launchLab();
    api = await startHostileApi(lab.kubeconfigPath, directory);
    clients = [kubectlClient(kubectl, api.kubeconfigPath), nodeClient(api.kubeconfigPath)];
    const options = { kind: "lab", namespace: "conformance", image: "none", readyWithinMs: 60_000 } as const;
    ground = await layGround(clients[1]!, options);
  });
  afterEach(() => api.behave());
  afterAll(async () => {
    await clearGround(clients[1]!, ground).catch(() => undefined);
    await api?.stop();
    await lab?.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const playWith = (client: Client, ...cases: Case[]): Promise<Outcome[]> =>
    play(cases, { client, ground, onOutcome: () => undefined });
  const named = (part: string): Case => {
    const found = allCases.filter(({ name }) => name.includes(part));
    if (found.length !== 1) throw new Error(`${found.length} cases have "${part}" in their name`);
    return found[0]!;
  };

  it.each([0, 1])("its quick cases hold through both clients (%i)", async (at) => {
    const client = clients[at]!;
    expect(await client.version()).toMatch(at === 0 ? /^v1\.32\./ : /^v2\./);
    const outcomes = await playWith(client, ...allCases.filter(({ fast }) => fast === true));
    expect(outcomes.length).toBeGreaterThanOrEqual(8);
    expect(outcomes.filter(({ outcome }) => outcome !== "held")).toEqual([]);
  });

  it("its port-forward holds through the bot's own, and says that kubectl's SPDY is not offered", async () => {
    const outcomes = await Promise.all(clients.map((client) => playWith(client, named("A port-forward carries"))));
    expect(outcomes.flat().map(({ client, outcome }) => [client, outcome])).toEqual([
      ["kubectl", "not offered"],
      ["client-node", "held"],
    ]);
  });

  const chaos = (verb: Asked["verb"]) => (asked: Asked) => asked.verb === verb && asked.resource === "networkchaos";
  const edit = (text: (real: string) => string): Misdeed => ({ does: "rewrite", text });
  const oneRecord = (real: string): string => {
    const thing = JSON.parse(real) as { status?: { experiment?: { containerRecords?: unknown[] } } };
    thing.status?.experiment?.containerRecords?.splice(1);
    return JSON.stringify(thing);
  };
  const taken = {
    does: "answer",
    status: 200,
    text: '{"kind":"Status","apiVersion":"v1","status":"Success"}',
  } as const;
  let deletions = 0;
  it.each<[string, string, (asked: Asked) => boolean, Misdeed, RegExp]>([
    ["drops a record", "partition both", chaos("get"), edit(oneRecord), /Expected values to be strictly deep-equal/],
    [
      "keeps no finalizer",
      "the finalizer chaos-mesh/records",
      chaos("get"),
      edit((real) => real.replace('"chaos-mesh/records"', "")),
      /deep-equal/,
    ],
    [
      "counts no injection",
      "the finalizer chaos-mesh/records",
      chaos("get"),
      edit((real) => real.replaceAll(/"injectedCount": ?1/g, '"injectedCount":0')),
      /0 !== 1/,
    ],
    [
      "takes a change of spec",
      "spec cannot be changed",
      chaos("patch"),
      taken,
      /a longer duration: taken, not refused/,
    ],
    [
      "takes unknown fields",
      "Unknown fields are refused",
      chaos("create"),
      taken,
      /an unknown field: taken, not refused/,
    ],
    [
      "finds what is gone",
      "a second DELETE is not found",
      (asked) => chaos("delete")(asked) && (deletions += 1) > 1,
      taken,
      /a second DELETE: taken, not refused/,
    ],
  ])("fails on a server that %s", async (_what, part, when, does, reason) => {
    api.script({ when, does });
    const [outcome] = await playWith(clients[1]!, named(part));
    expect(outcome).toMatchObject({ outcome: "failed", reason: expect.stringMatching(reason) });
  });
  it("fails through kubectl on a server that drops a record", async () => {
    api.script({ when: chaos("get"), does: edit(oneRecord) });
    const [outcome] = await playWith(clients[0]!, named("partition both"));
    expect(outcome).toMatchObject({ client: "kubectl", outcome: "failed" });
  });
  it("says what the lab does not offer, and does not call it held", async () => {
    const [outcome] = await playWith(clients[1]!, named("cannot be deleted"));
    expect(outcome).toMatchObject({
      outcome: "not offered",
      reason: expect.stringMatching(/the lab lets an object go/),
    });
  });
});
