import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { knownSecrets } from "../../src/cli/log.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import { appendEvents } from "../../src/store/events.ts";
import { startTelemetry, type Telemetry } from "../../src/telemetry/follow.ts";
import { createGrafanaSink } from "../../src/telemetry/grafana.ts";
import { openEndpoint } from "../../src/watch/endpoint.ts";
import { asService, insertTestRun, plan, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startGrafanaDouble } from "../support/grafana-double.ts";

let db: TestDatabase;
let grafana: Awaited<ReturnType<typeof startGrafanaDouble>>;
const followers: Telemetry[] = [];
const problems: Array<Record<string, unknown>> = [];
beforeAll(async () => {
  db = await asService(await startTestDatabase());
});
afterAll(() => db?.stop());
beforeEach(async () => {
  grafana = await startGrafanaDouble("glsa_1");
  problems.length = 0;
});
afterEach(async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.stop()));
  await grafana.close();
});

const follow = (token = "glsa_1") => {
  const client = openEndpoint({ url: grafana.url, authorization: `Bearer ${token}` });
  const sinks = { grafana: createGrafanaSink(client, "board") };
  const log = (_message: string, detail: Record<string, unknown>): void => void problems.push(detail);
  followers.push(startTelemetry({ database: db.database, sinks, log }));
};
const requested: RunEventBody = { type: "requested", by: "U1", plan, digest: "d", expiresAt: "" };
const fault = { fault: "cut", kind: "NetworkChaos", name: "cut-1" };
const to = (
  from: "injecting" | "active" | "healing" | "verifying" | "judging",
  next: "active" | "healing" | "verifying" | "judging" | "completed",
): RunEventBody => ({ type: "state", from, to: next, reason: null, atMs: null });
const injected: RunEventBody[] = [
  requested,
  { type: "state", from: "baseline", to: "injecting", reason: null, atMs: null },
  { type: "fault-intended", ...fault, namespace: "cache", pods: ["redis-0"] },
  { type: "fault-injected", ...fault, atMs: 0, tookMs: 10 },
  to("injecting", "active"),
];
const healed: RunEventBody[] = [
  to("active", "healing"),
  to("healing", "verifying"),
  { type: "fault-removed", ...fault, atMs: 0, tookMs: 10 },
  { type: "healing-proof", what: "gone", ok: true, detail: "seen" },
  to("verifying", "judging"),
  to("judging", "completed"),
];
const texts = (run: string) =>
  grafana.annotations.filter(({ tags }) => tags.includes(`run:${run}`)).map(({ text }) => text);
const untilThere = (look: () => unknown) => vi.waitFor(async () => look(), { timeout: 15_000, interval: 100 });

describe("annotations in Grafana", () => {
  it("stand there once each, of whichever process, and a fault's region ends with the proof", async () => {
    const run = await insertTestRun(db.database);
    follow();
    follow();
    follow();
    await appendEvents(db.database, run, injected);
    await untilThere(() => expect(texts(run)).toHaveLength(3));
    const region = grafana.annotations.find(({ text }) => text.includes("fault cut"));
    expect(region).toMatchObject({ dashboardUID: "board", text: `${run}: fault cut (NetworkChaos)` });
    expect(region).not.toHaveProperty("timeEnd");
    await appendEvents(db.database, run, healed);
    await untilThere(() => expect(region?.timeEnd).toBeGreaterThanOrEqual(region?.time ?? Infinity));
    await untilThere(() => expect(texts(run)).toContain(`${run}: completed`));
    expect(texts(run)).toHaveLength(new Set(texts(run)).size);
    expect(texts(run).toSorted()).toEqual(
      [
        "active",
        "completed",
        "fault cut (NetworkChaos), proven gone",
        "healing",
        "injecting",
        "judging",
        "verifying",
      ].map((text) => `${run}: ${text}`),
    );
    expect(problems).toEqual([]);
  });
  it("are not added again when the answer was lost, and changed again until Grafana has taken it", async () => {
    const run = await insertTestRun(db.database);
    let [posts, patches] = [0, 0];
    grafana.misbehave((method) => {
      if (method === "POST") return ++posts === 1 ? "lose-answer" : null;
      return ++patches === 1 ? 503 : null;
    });
    follow();
    await appendEvents(db.database, run, injected);
    await untilThere(() => expect(texts(run)).toHaveLength(3));
    await appendEvents(db.database, run, healed);
    const region = () => grafana.annotations.find(({ text }) => text.startsWith(`${run}: fault`));
    await untilThere(() => expect(region()).toHaveProperty("timeEnd"));
    expect(patches).toBe(2);
    expect(texts(run)).toHaveLength(7);
    const { rows } = await db.database.query("select state from telemetry_outbox where run_id = $1 and key = $2", [
      run,
      "phase:injecting",
    ]);
    expect(rows).toEqual([{ state: "unknown" }]);
    expect(problems.map(({ result }) => result)).toEqual(["unknown", "later"]);
  });
  it("are added when Grafana is back, and given up when it refuses the token", async () => {
    const [run, refused] = [await insertTestRun(db.database), await insertTestRun(db.database)];
    grafana.misbehave(() => 429);
    follow();
    await appendEvents(db.database, run, injected.slice(0, 2));
    await untilThere(() => expect(problems.map(({ result }) => result)).toContain("later"));
    grafana.misbehave(() => null);
    await untilThere(() => expect(texts(run)).toEqual([`${run}: injecting`]));
    await Promise.all(followers.splice(0).map((follower) => follower.stop()));
    follow("other");
    await appendEvents(db.database, refused, injected.slice(0, 2));
    await untilThere(() => expect(problems.at(-1)).toMatchObject({ run: refused, result: "refused" }));
    expect(texts(refused)).toEqual([]);
  });
  it("that a lost process was adding are left alone, and old runs are not shown at all", async () => {
    const [lost, old] = [await insertTestRun(db.database), await insertTestRun(db.database)];
    await db.database.query(
      `insert into telemetry_outbox (run_id, sink, key, payload, state, claimed_at)
       values ($1, 'grafana', 'phase:injecting', '{}', 'sending', clock_timestamp() - interval '31 seconds')`,
      [lost],
    );
    await db.database.query(
      "update runs set state = 'completed', ended_at = now() - interval '2 hours' where id = $1",
      [old],
    );
    await appendEvents(db.database, old, [...injected, ...healed]);
    await appendEvents(db.database, lost, injected);
    follow();
    await untilThere(() => expect(texts(lost)).toHaveLength(2));
    expect(texts(lost)).not.toContain(`${lost}: injecting`);
    expect(texts(old)).toEqual([]);
  });
});

describe("the configuration", () => {
  const environment = {
    DATABASE_URL: "postgres://localhost/a",
    REDIS_URL: "redis://localhost",
    SLACK_BOT_TOKEN: "xoxb-1",
    SLACK_APP_TOKEN: "xapp-1",
  };
  const load = (grafanaText: string, more: Record<string, string> = {}) =>
    parseConfig(
      `slack: { mode: socket }\nclusters: { lab: {} }\ndefaultCluster: lab\napprovals: { approvers: [U1] }\n${grafanaText}\n`,
      "a.yaml",
      { ...environment, ...more },
    );
  it("names the token, which no log shows", () => {
    expect(load("").secrets.grafana).toBeUndefined();
    const text = 'grafana: { url: "http://g:3000", bearerTokenFrom: GRAFANA_TOKEN, dashboardUid: board }';
    const { secrets } = load(text, { GRAFANA_TOKEN: "glsa_1" });
    expect(secrets.grafana).toEqual({ url: "http://g:3000", authorization: "Bearer glsa_1" });
    expect(knownSecrets(secrets, {})).toContain("glsa_1");
    expect(() => load(text)).toThrow(/GRAFANA_TOKEN is not set/);
    expect(() => load('grafana: { url: "http://u:p@g" }')).toThrow(/must hold no user or password/);
  });
});
