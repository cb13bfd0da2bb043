import pg from "pg";
import { makeServiceUser } from "../../src/embedded/database.ts";
import { cliCommands } from "../../src/cli/table.ts";
import { insertDecision } from "../../src/store/decisions.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { auditHead } from "../../src/store/audit.ts";
import { inTransaction, openDatabase } from "../../src/store/database.ts";
import { appendEvents } from "../../src/store/events.ts";
import { insertFault, setFaultState } from "../../src/store/faults.ts";
import { appendScheduleEvents } from "../../src/store/schedule-events.ts";
import { insertSchedule } from "../../src/store/schedules.ts";
import { insertTestRun, plan, startTestDatabase, type TestDatabase } from "./database.ts";
import { testSchedule } from "./schedule.ts";
import { typed, type Said } from "./typed.ts";

export const redisUid = "0b7c1f5e-1111-4222-8333-444455556666";

export interface TrailServer {
  db: TestDatabase;
  /** The address of a user of the service's group. */
  serviceUrl: string;
  /** A database of its own that holds the same trail. */
  copy(): Promise<TrailCopy>;
  stop(): Promise<void>;
}

export interface TrailCopy {
  url: string;
  /** Runs statements as the tables' owner. */
  asOwner(...statements: string[]): Promise<void>;
}

/**
 * A real PostgreSQL with a trail as the service writes it: as the service's user, a run from request to judgement, and
 * a schedule. Copies of it can be tampered with.
 */
export async function startTrailServer(): Promise<TrailServer> {
  const db = await startTestDatabase();
  const serviceUrl = await makeServiceUser(db.url);
  await writeTrail(serviceUrl);
  // A database that somebody is connected to cannot be copied.
  await db.release();
  let copies = 0;
  return {
    db,
    serviceUrl,
    copy: async () => {
      copies += 1;
      const url = new URL(db.url);
      const source = url.pathname.slice(1);
      url.pathname = `/copy_${copies}`;
      await execute(new URL("/template1", db.url).href, [`create database copy_${copies} template ${source}`]);
      return {
        url: url.href,
        asOwner: (...statements) => execute(url.href, ["set role aftershock_owner", ...statements]),
      };
    },
    stop: () => db.stop(),
  };
}

export async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** `aftershock …` in this process, with a database. */
export const aftershock = (url: string, ...argv: string[]): Promise<Said> =>
  typed(cliCommands, argv, { DATABASE_URL: url });

const digest = "d".repeat(64);

async function writeTrail(serviceUrl: string): Promise<void> {
  const database = openDatabase(serviceUrl, () => undefined);
  try {
    const runId = await insertTestRun(database);
    const say = (...bodies: Parameters<typeof appendEvents>[2]) =>
      inTransaction(database, (client) => appendEvents(client, runId, bodies));
    await say({ type: "requested", by: "U0ALICE", plan, digest, expiresAt: "2026-11-25T10:00:00.000Z" });
    await inTransaction(database, async (client) => {
      await insertDecision(client, runId, { userId: "U0BOB", decision: "approved", reason: "game day", digest });
      await appendEvents(client, runId, [
        { type: "approved", by: "U0BOB", reason: "game day", digest, given: 1, needed: 1 },
        { type: "state", from: "requested", to: "approved", reason: null, atMs: null },
      ]);
    });
    await inTransaction(database, async (client) => {
      await appendEvents(client, runId, [
        { type: "fault-intended", fault: "p", kind: "NetworkChaos", name: "n", namespace: "cache", pods: ["redis-0"] },
      ]);
      await insertFault(client, runId, {
        faultId: "p",
        cluster: "lab",
        kind: "NetworkChaos",
        namespace: "cache",
        name: "n",
        manifest: { apiVersion: "chaos-mesh.org/v1alpha1", kind: "NetworkChaos", metadata: { name: "n" } },
        targets: { subject: [{ pod: "redis-0", uid: redisUid, host: "10.0.0.1" }], target: [] },
      });
    });
    await setFaultState(database, runId, "p", "injected");
    await say({ type: "abort-requested", by: "U0CAROL", reason: 'too slow\n"quoted" ümlaut 🔥 \\ back' });
    await setFaultState(database, runId, "p", "removed");
    await saveArtifact(database, runId, { name: "report.md", contentType: "text/markdown", bytes: Buffer.from("it") });
    const head = await auditHead(database);
    await say({ type: "audit-head", entry: head?.seq ?? 0, hash: head?.hash ?? "" });
    const at = new Date("2026-11-24T10:00:00Z");
    const id = await insertSchedule(database, { ...testSchedule, createdAt: at, requestExpiresAt: at });
    await inTransaction(database, (client) => appendScheduleEvents(client, id, [{ type: "expired" }]));
  } finally {
    await database.end();
  }
}
