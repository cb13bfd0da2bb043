import type { Logger } from "pino";
import type { LoadedConfig, PipelineConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/secret.ts";
import type { Experiment } from "../experiment/schema.ts";
import { loadExperiments } from "../experiment/load.ts";
import { ownNamespaces } from "../cluster/own-namespace.ts";
import { openCluster } from "../cluster/kubernetes.ts";
import { withApplication } from "../probes/application.ts";
import { cloudnativePg } from "../probes/cloudnative-pg.ts";
import { etcd } from "../probes/etcd.ts";
import { kafka } from "../probes/kafka.ts";
import { patroni } from "../probes/patroni.ts";
import { patroniLedger } from "../probes/patroni/application-ledger.ts";
import { postgresIo } from "../probes/postgres-io.ts";
import { postgresBackup, postgresBackupCheck } from "../probes/postgres-backup.ts";
import { postgresReschedule } from "../probes/postgres-reschedule.ts";
import { rabbitmq } from "../probes/rabbitmq.ts";
import { redisSentinel } from "../probes/redis-sentinel.ts";
import { openRunQueue, type RunQueue } from "../queue/run-queue.ts";
import { openScheduleQueue, type ScheduleQueue } from "../queue/schedule-queue.ts";
import { allowedOf, scopeOf } from "./allowed.ts";
import { catalogueDirectory } from "./catalogue.ts";
import { allTargets, composeTargets, refuseWrongTargets } from "./targets.ts";
import { composeMetrics, type Metrics } from "./metrics.ts";
import { composeWatching } from "./watching.ts";
import { policyOf, type KnownNames } from "./policy.ts";
import type { Hiding } from "../redact.ts";
import { createRegistry, type Registry } from "../run/systems.ts";
import type { Allowed } from "../run/where-allowed.ts";
import { withTargets } from "../targets/choose.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { prepareSchema } from "../store/schema.ts";
import { startSharedClock, type SharedClock } from "../store/shared-clock.ts";

/** What bot and worker both stand on. */
export interface Foundation {
  loaded: LoadedConfig;
  log: Logger;
  database: Database;
  /** PostgreSQL's. */
  clock: SharedClock;
  queue: RunQueue;
  scheduleQueue: ScheduleQueue;
  registry: Registry;
  knownNames: KnownNames;
  metrics: Metrics;
  close(): Promise<void>;
}

/** The systems that have probes; a new one is a line here. */
const systems = [
  redisSentinel,
  etcd,
  withApplication(patroni, patroniLedger),
  withApplication(cloudnativePg, patroniLedger),
  withApplication(postgresIo, patroniLedger),
  postgresReschedule,
  postgresBackup,
  postgresBackupCheck,
  kafka,
  rabbitmq,
];

/** What runs are made of: the experiments, and the systems and clusters that they are about. */
export interface Catalogue {
  registry: Registry;
  knownNames: KnownNames;
  close(): Promise<void>;
}

/** What rules of a policy may name. */
function knownNamesOf(experiments: ReadonlyArray<Pick<Experiment, "name">>): KnownNames {
  return { systems: systems.map(({ name }) => name), experiments: experiments.map(({ name }) => name) };
}

/**
 * Loads the experiments, and holds the configuration against them. Throws AftershockError `bad_config` for a catalogue that
 * cannot be read, for an enabled experiment or a name in the policy that there is not, and for a target's parameter that means
 * nothing: what ends the service's start, before anything is connected.
 */
export async function readCatalogue(
  config: Config,
): Promise<{ loaded: Experiment[]; allowed: Allowed; knownNames: KnownNames }> {
  const loaded = await loadExperiments(config.jobs ?? catalogueDirectory());
  const allowed = allowedOf(config, loaded);
  const knownNames = knownNamesOf(loaded);
  policyOf(config, null, knownNames);
  refuseWrongTargets(config, loaded);
  return { loaded, allowed, knownNames };
}

/**
 * Loads the experiments and opens the clusters. `environment`: where targets' variables are read. Throws AftershockError
 * `bad_config` as `readCatalogue` does.
 */
export async function openCatalogue(
  { config, secrets }: Pick<PipelineConfig, "config"> & { secrets: Pick<PipelineConfig["secrets"], "watching"> },
  environment: Environment,
  hiding: Hiding,
): Promise<Catalogue> {
  const { loaded, allowed, knownNames } = await readCatalogue(config);
  const experiments = withTargets(loaded, allTargets(config));
  const clusters = Object.entries(config.clusters).map(([name, cluster]) =>
    openCluster({
      name,
      scope: scopeOf(allowed, name, experiments),
      reach: cluster.reach,
      ...(cluster.kubeconfig === undefined ? {} : { kubeconfig: cluster.kubeconfig }),
      ...(cluster.context === undefined ? {} : { context: cluster.context }),
      ...(cluster.chaosMesh === undefined ? {} : { chaosMeshNamespace: cluster.chaosMesh.namespace }),
    }),
  );
  const watching = composeWatching({ config, secrets });
  return {
    registry: createRegistry({
      experiments,
      clusters,
      systems,
      protectedNamespaces: protectedNamespaces(config),
      allowed,
      watching: watching.of,
      targets: composeTargets(config, environment, hiding),
    }),
    knownNames,
    close: async () =>
      void (await Promise.allSettled([...clusters.map((cluster) => cluster.close()), watching.close()])),
  };
}

/** Connects to PostgreSQL (whose schema it migrates, or finds current), Redis and the clusters, and loads the catalogue. */
export async function layFoundation(loaded: LoadedConfig, log: Logger, hiding: Hiding): Promise<Foundation> {
  const { secrets } = loaded;
  const [catalogue, schema] = await Promise.all([
    openCatalogue(loaded, process.env, hiding),
    prepareSchema(secrets.databaseUrl),
  ]);
  const database = openDatabase(secrets.databaseUrl, (error) =>
    log.warn({ error: error.message }, "database connection"),
  );
  if (schema.mayRewrite) {
    log.warn("This database user could rewrite the audit trail. Better one in the group aftershock_app: docs/audit.md");
  }
  const clock = await startSharedClock(database);
  const onQueueError = (error: Error): void => log.warn({ error: error.message }, "queue connection");
  const [queue, scheduleQueue] = await Promise.all([
    openRunQueue(secrets.redisUrl, onQueueError),
    openScheduleQueue(secrets.redisUrl, onQueueError),
  ]);
  return {
    loaded,
    log,
    database,
    clock,
    queue,
    scheduleQueue,
    registry: catalogue.registry,
    knownNames: catalogue.knownNames,
    metrics: composeMetrics({ database, queue, scheduleQueue, log }),
    close: async () => {
      clock.stop();
      await Promise.allSettled([catalogue.close(), queue.close(), scheduleQueue.close()]);
      await database.end();
    },
  };
}

/** The bot's own, and those that Chaos Mesh was put in: a fault there also hits what would heal it. */
function protectedNamespaces({ clusters }: Config): string[] {
  return [...ownNamespaces(), ...Object.values(clusters).flatMap(({ chaosMesh }) => chaosMesh?.namespace ?? [])];
}
