import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeServiceUser } from "../../src/embedded/database.ts";
import { startPostgres } from "../../src/embedded/postgres.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/schema.ts";
import { insertRun } from "../../src/store/runs.ts";
import type { Plan } from "../../src/run/plan.ts";

export interface TestDatabase {
  url: string;
  database: Database;
  /** Closes the connections; the server goes on. */
  release(): Promise<void>;
  stop(): Promise<void>;
}

/** A real PostgreSQL of the test file's own, migrated. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  const postgres = await startPostgres(directory);
  await migrate(postgres.url);
  const database = openDatabase(postgres.url, () => undefined);
  let released: Promise<void> | undefined;
  const release = (): Promise<void> => (released ??= database.end());
  return {
    url: postgres.url,
    database,
    release,
    stop: async () => {
      await release();
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The same as the service sees it: with the database role that bot and worker have. */
export async function asService(db: TestDatabase): Promise<TestDatabase> {
  const url = await makeServiceUser(db.url);
  const database = openDatabase(url, () => undefined);
  return {
    ...db,
    url,
    database,
    stop: async () => {
      await database.end();
      await db.stop();
    },
  };
}

export const plan: Plan = {
  experiment: "redis-split-brain",
  title: "Redis Sentinel split brain",
  hypothesis: "No acknowledged write is lost.",
  system: "redis-sentinel",
  cluster: "lab",
  namespace: "cache",
  targetKey: "lab/cache/redis-sentinel",
  risk: "high",
  parameters: { duration: "15s", rate: 100 },
  topology: "master redis-0",
  guards: [{ id: "one-master", title: "One master", bounds: {} }],
  faults: [
    {
      id: "partition",
      title: "Cut",
      kind: "NetworkChaos",
      subject: ["redis-0"],
      target: ["redis-1"],
      durationMs: 15_000,
      spec: {},
    },
  ],
  probes: ["follower: follows"],
  phases: { baselineMs: 5000, durationMs: 15_000, recoveryMs: 30_000 },
  approvalsNeeded: 1,
};

let targets = 0;

/** A run in a target of its own, as the service would insert it. */
export async function insertTestRun(database: Database, channelId = "C1", change: Partial<Plan> = {}): Promise<string> {
  targets += 1;
  const own = { ...plan, targetKey: `lab/cache/${targets}`, ...change };
  const { id } = await insertRun(database, {
    plan: own,
    digest: "d".repeat(64),
    requestedBy: "U1",
    teamId: "T1",
    channelId,
    expiresAfterMs: 60_000,
  });
  return id;
}
