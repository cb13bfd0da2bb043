import { pino } from "pino";
import { workspace } from "../../src/embedded/local-slack.ts";
import { move } from "../../src/run/decide.ts";
import type { RunState } from "../../src/run/lifecycle.ts";
import { startSlack, type RunningSlack } from "../../src/slack/app.ts";
import { saveArtifact } from "../../src/store/artifacts.ts";
import { inTransaction, type Database } from "../../src/store/database.ts";
import { findRun, lockRun } from "../../src/store/runs.ts";
import { insertTestRun, startTestDatabase } from "./database.ts";
import { dispatchRig, type DispatchRig } from "./dispatch-rig.ts";
import { startGateRig, type GateRig } from "./gate-rig.ts";
import { personAt, type Person } from "./modals.ts";

/** The App Home is drawn again every 2.5 s at most: long enough to click what is no longer true. */
export const homeSpeed = 2;

export interface HomeRig {
  database: Database;
  dispatch: DispatchRig;
  gate: GateRig;
  /** What the bot has logged. */
  lines: string[];
  alice: Person;
  bob: Person;
  /** One more bot on the same database, installed in this workspace or another. */
  begin(teamId?: string): Promise<RunningSlack>;
  stop(): Promise<void>;
}

/** The bot's Slack side on local-slack behind the gate, with the real services on PostgreSQL; the systems are doubles. */
export async function startHomeRig(): Promise<HomeRig> {
  const [db, gate] = await Promise.all([startTestDatabase(), startGateRig()]);
  const dispatch = await dispatchRig(db.database, workspace.teamId);
  const lines: string[] = [];
  const { service, schedules, alarms, halts, overview, past, exports, verbs } = dispatch;
  const bots: RunningSlack[] = [];
  return {
    database: db.database,
    dispatch,
    gate,
    lines,
    alice: personAt(gate, "U0ALICE"),
    bob: personAt(gate, "U0BOB"),
    begin: async (teamId = workspace.teamId) => {
      const bot = await startSlack({
        config: { mode: "socket", apiUrl: gate.gate.apiUrl, command: "/chaos", editEvery: 200, speed: homeSpeed },
        secrets: {
          databaseUrl: "",
          redisUrl: "",
          slackBotToken: workspace.bot.token,
          slackAppToken: workspace.bot.appToken,
          slackSigningSecret: workspace.bot.signingSecret,
        },
        service,
        schedules,
        alarms,
        halts,
        overview,
        past,
        exports,
        teamId,
        database: db.database,
        log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
        verbs,
      });
      bots.push(bot);
      return bot;
    },
    stop: async () => {
      await Promise.all(bots.map((bot) => bot.stop()));
      await gate.stop();
      await db.stop();
    },
  };
}

/** Moves a run as its conductor would, with the event. */
export async function moveRun(database: Database, runId: string, to: RunState): Promise<void> {
  await inTransaction(database, async (client) => {
    const run = (await lockRun(client, runId)) ?? (await findRun(client, runId));
    if (run === null) throw new Error(`no ${runId}`);
    await move(client, run, to, null, []);
  });
}

const counts = { attempted: 900, acknowledged: 900, failed: 0, unknown: 0, recovered: 0, duplicated: 0, unexpected: 0 };

/** A run that is over, with the parts of a report that are read of past runs. */
export async function endedRun(
  database: Database,
  figures: { rtoMs: number; lost: number; hypothesis: "held" | "refuted" | "inconclusive" },
  change: Parameters<typeof insertTestRun>[2] = {},
): Promise<string> {
  const runId = await insertTestRun(database, workspace.channel.id, change);
  const report = {
    schemaVersion: 2,
    verdicts: { hypothesis: figures.hypothesis, run: "completed", cleanup: "verified" },
    measures: [{ id: "first-new-write", title: "t", value: figures.rtoMs, unit: "ms", better: "lower" }],
    writes: { total: { ...counts, lost: figures.lost }, byClient: {} },
    slowDowns: [],
  };
  const bytes = Buffer.from(JSON.stringify(report));
  await saveArtifact(database, runId, { name: "report.json", contentType: "application/json", bytes });
  for (const to of [
    "approved",
    "preflight",
    "baseline",
    "injecting",
    "active",
    "healing",
    "verifying",
    "judging",
  ] as const) {
    await moveRun(database, runId, to);
  }
  await moveRun(database, runId, "completed");
  return runId;
}
