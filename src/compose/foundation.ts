import type { Logger } from "pino";
import type { LoadedConfig, PipelineConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { loadExperiments } from "../experiment/load.ts";
import { ownNamespaces } from "../cluster/own-namespace.ts";
import { openCluster } from "../cluster/kubernetes.ts";
import { withApplication } from "../probes/application.ts";
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
import { composeWatching } from "./watching.ts";
import { policyOf, type KnownNames } from "./policy.ts";
import { createRegistry, type Registry } from "../run/systems.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { prepareSchema } from "../store/schema.ts";
import { startSharedClock, type SharedClock } from "../store/shared-clock.ts";

/** What bot and worker both stand on. */
export interface Foundation {
  loaded: LoadedConfig;
  log: Logger;
  database: Database;
  /** PostgreSQL\'s. */
  clock: SharedClock;
  queue: RunQueue;
  scheduleQueue: ScheduleQueue;
  registry: Registry;
  knownNames: KnownNames;
  close(): Promise<void>;
}

/** The systems that have probes; a new one is a line here. */
const systems = [
  redisSentinel,
  etcd,
  withApplication(patroni, patroniLedger),
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

/** Loads the experiments and opens the clusters. Throws AftershockError `bad_config` for a policy that cannot hold. */
export async function openCatalogue({
  config,
  secrets,
}: Pick<PipelineConfig, "config" | "secrets">): Promise<Catalogue> {
  const experiments = await loadExperiments(config.jobs ?? catalogueDirectory());
  const knownNames: KnownNames = {
    systems: systems.map(({ name }) => name),
    experiments: experiments.map(({ name }) => name),
  };
  // A policy that cannot hold ends the start, before anything is connected.
  policyOf(config, null, knownNames);
  const allowed = allowedOf(config, experiments);
  const clusters = Object.entries(config.clusters).map(([name, cluster]) =>
    openCluster({
      name,
      scope: scopeOf(allowed, name, experiments),
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
    }),
    knownNames,
    close: async () =>
      void (await Promise.allSettled([...clusters.map((cluster) => cluster.close()), watching.close()])),
  };
}

/** Connects to PostgreSQL (whose schema it migrates, or finds current), Redis and the clusters, and loads the catalogue. */
export async function layFoundation(loaded: LoadedConfig, log: Logger): Promise<Foundation> {
  const { secrets } = loaded;
  const [catalogue, schema] = await Promise.all([openCatalogue(loaded), prepareSchema(secrets.databaseUrl)]);
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
