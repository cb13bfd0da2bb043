import { fileURLToPath } from "node:url";
import type { Cluster } from "../../src/cluster/port.ts";
import { createGameDayService } from "../../src/gameday/create-service.ts";
import { driveGameDay, type DriveDeps } from "../../src/gameday/drive.ts";
import type { GameDayService } from "../../src/gameday/service.ts";
import { loadExperiments } from "../../src/experiment/load.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import type { SystemAdapter, SystemSession } from "../../src/probes/system.ts";
import { createActionService } from "../../src/run/actions/create-service.ts";
import type { ActionService } from "../../src/run/actions/service.ts";
import { createAlarmService } from "../../src/run/alarms/create-service.ts";
import type { AlarmService } from "../../src/run/alarms/service.ts";
import { createChannelService } from "../../src/run/channels/create-service.ts";
import type { ChannelService } from "../../src/run/channels/service.ts";
import { createRunService } from "../../src/run/create-service.ts";
import { enforce, normaliseRunId } from "../../src/run/decide.ts";
import { createHaltService } from "../../src/run/halt/create-service.ts";
import type { HaltService } from "../../src/run/halt/service.ts";
import { createOverviewService } from "../../src/run/overview/create-service.ts";
import type { OverviewService } from "../../src/run/overview/service.ts";
import { createExportService } from "../../src/run/export/create-service.ts";
import type { ExportService } from "../../src/run/export/service.ts";
import { createPastService } from "../../src/run/past/create-service.ts";
import type { PastService } from "../../src/run/past/service.ts";
import { createScheduleService } from "../../src/run/schedules/create-service.ts";
import type { ScheduleService } from "../../src/run/schedules/service.ts";
import type { RunService } from "../../src/run/service.ts";
import { subjectOf } from "../../src/run/subject.ts";
import { createRegistry } from "../../src/run/systems.ts";
import { createDispatcher, type Dispatcher } from "../../src/slack/dispatch.ts";
import { loadVerbs } from "../../src/slack/load-verbs.ts";
import type { Verb } from "../../src/slack/verb.ts";
import type { Database } from "../../src/store/database.ts";
import { latchCluster } from "./latch-cluster.ts";
import { testAuthoriser, testPolicy } from "./policy.ts";

export interface DispatchRig {
  verbs: readonly Verb[];
  service: RunService;
  schedules: ScheduleService;
  alarms: AlarmService;
  halts: HaltService;
  overview: OverviewService;
  past: PastService;
  channels: ChannelService;
  actions: ActionService;
  gameDays: GameDayService;
  /** What game days are driven by; a keeper in a test is given these. */
  drive: DriveDeps;
  exports: ExportService;
  dispatcher: Dispatcher;
  experiments: readonly Experiment[];
}

/**
 * Every verb on the real services, a real PostgreSQL and the real catalogue. The systems are doubles that report pods for
 * every group an experiment names and do nothing else, unless `real` ones are given: planning for those is in test/e2e.
 */
export async function dispatchRig(
  database: Database,
  teamId = "T1",
  real?: { cluster: Cluster; systems: readonly SystemAdapter[] },
): Promise<DispatchRig> {
  const [experiments, verbs] = await Promise.all([
    loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url))),
    loadVerbs(fileURLToPath(new URL("../../commands", import.meta.url))),
  ]);
  const cluster = real?.cluster ?? clusterDouble;
  const registry = createRegistry({
    experiments,
    clusters: [cluster],
    systems:
      real?.systems ??
      [...new Set(experiments.map(({ system }) => system))].map((name) => systemDouble(name, experiments)),
    protectedNamespaces: ["aftershock"],
  });
  const authoriser = testAuthoriser({ policy: () => testPolicy({ approvers: ["U0ALICE", "U0BOB"], teamId }) });
  const log = (): void => undefined;
  const service = createRunService({
    database,
    registry,
    authoriser,
    defaultCluster: "lab",
    wake: async () => undefined,
    log,
  });
  const schedules = createScheduleService({
    database,
    authoriser,
    plan: service.plan,
    wakeUpCalls: { set: async () => undefined, remove: async () => undefined },
    now: () => new Date(),
    log,
  });
  const halts = createHaltService({ database, authoriser, clusters: [cluster] });
  const alarms = createAlarmService({
    database,
    normaliseRunId,
    allow: async (act, actor, run) =>
      enforce(
        await authoriser.decide({ act: act === "restart" ? "mend" : "acknowledge", actor, subject: subjectOf(run) }),
      ),
  });
  const overview = createOverviewService({ database, authoriser });
  const past = createPastService(database);
  const channels = createChannelService({ database, authoriser });
  const actions = createActionService({ database, authoriser });
  const drive: DriveDeps = {
    database,
    experiments: service.experiments,
    request: service.request,
    isDeactivated: async () => false,
    log,
  };
  const gameDays = createGameDayService({
    database,
    authoriser,
    runs: service,
    clusterNames: registry.clusterNames,
    onChange: (id) => driveGameDay(drive, id),
  });
  const exports = createExportService({ database, authoriser });
  const services = { service, schedules, alarms, halts, overview, past, channels, actions, gameDays, exports };
  const dispatcher = createDispatcher(verbs, services, "/chaos");
  return { verbs, ...services, drive, dispatcher, experiments };
}

const clusterDouble = {
  ...latchCluster("lab").cluster,
  placement: () => ({
    pods: async () => Array.from({ length: 20 }, (_, at) => ({ name: `pod-${at}`, node: "node-1" })),
  }),
} as unknown as Cluster;

function systemDouble(name: string, experiments: readonly Experiment[]): SystemAdapter {
  const named = experiments.flatMap(({ system, faults, parameters }) =>
    system === name
      ? [
          ...faults.flatMap(({ subject, target }) => [...subject, ...target]),
          ...Object.values(parameters).flatMap((each) => (each.type === "choice" ? each.choices : [])),
        ]
      : [],
  );
  const groups = Object.fromEntries([...new Set([...named, "others"])].map((group, at) => [group, [`pod-${at}`]]));
  const session = {
    topology: async () => ({ groups, summary: "as the double says" }),
    close: async () => undefined,
  } as unknown as SystemSession;
  return { name, open: async () => session };
}

/** How many rows every table of ours has, so that nothing can be stored unseen. */
export async function rowCounts(database: Database): Promise<Record<string, number>> {
  const { rows } = await database.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const counts = await Promise.all(
    rows.map(async ({ name }) => {
      const { rowCount } = await database.query(`select 1 from "${name}"`);
      return [name, rowCount ?? 0] as const;
    }),
  );
  return Object.fromEntries(counts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
