import type { AccessLog } from "./api/access/access-log.ts";
import { startApiServer } from "./api/server.ts";
import { startChaosController } from "./chaos/chaos-controller.ts";
import { ioChaos } from "./chaos/io-chaos.ts";
import { createIoPlane } from "./chaos/io-plane.ts";
import { networkChaos } from "./chaos/network-chaos.ts";
import { createNetworkPlane } from "./chaos/network-plane.ts";
import { podChaos } from "./chaos/pod-chaos.ts";
import { startAttachDetach, type VolumeTiming } from "./controllers/attach-detach.ts";
import { startDaemonSets } from "./controllers/daemon-set.ts";
import { startDeployments } from "./controllers/deployment.ts";
import { startEndpoints } from "./controllers/endpoints.ts";
import { startNodeLifecycle } from "./controllers/node-lifecycle.ts";
import { startReplicaSets } from "./controllers/replica-set.ts";
import { startScheduler } from "./controllers/scheduler.ts";
import { isPodReady, startStatefulSets } from "./controllers/stateful-set.ts";
import { createAddressBook } from "./network/address-book.ts";
import { chooseSubnet, takenSubnets } from "./network/addresses.ts";
import { startSwitch } from "./network/switch.ts";
import { startKubelet } from "./runtime/kubelet.ts";
import type { PodIdentity } from "./runtime/service-account.ts";
import { createStore } from "./store/store.ts";
import { applicationSystem } from "./systems/application.ts";
import { backupSystem } from "./systems/backup.ts";
import { startChaosMeshView } from "./systems/chaos-mesh.ts";
import { cnpgSystem } from "./systems/cnpg.ts";
import { etcdSystem } from "./systems/etcd.ts";
import { kafkaSystem, type KafkaRoles } from "./systems/kafka.ts";
import { patroniSystem } from "./systems/patroni.ts";
import type { PatroniDcs } from "./systems/patroni-dcs.ts";
import { isInKubernetes } from "./systems/patroni-kubernetes.ts";
import { startPatroniRoles } from "./systems/patroni-roles.ts";
import { rabbitmqSystem, type RabbitNames } from "./systems/rabbitmq.ts";
import { startOnDemand } from "./systems/on-demand.ts";
import { createSleeper } from "./systems/sleeper.ts";
import { ensureNamespace } from "./systems/workload.ts";
import { createRedis, redisMembers, redisPods, type RedisLabSettings } from "./systems/redis.ts";
import { startRedisRoles } from "./systems/redis-roles.ts";
import type { LabObject, ObjectStore } from "./objects.ts";

export interface LabOptions {
  stateDirectory: string;
  /** Port of the API server on 127.0.0.1; 0 takes a free one. */
  port: number;
  redis: RedisLabSettings;
  patroniDcs: PatroniDcs;
  rabbitmqNames: RabbitNames;
  kafkaRoles: KafkaRoles;
  /** A system that nobody has used for so long stops until it is asked for again; null: never. Redis always runs. */
  idleAfterMs: number | null;
  volumes: VolumeTiming;
  log: (message: string) => void;
}

export interface RunningLab {
  url: string;
  kubeconfigPath: string;
  /** What was asked of its API, and what access control said. */
  accessLog: AccessLog;
  stop(): Promise<void>;
}

/** Three, so that each of three members has a node of its own, and another can take it in. */
const nodes = ["lab-node-1", "lab-node-2", "lab-node-3"];
const readyDeadlineMs = 60_000;

/** Starts the lab in this process, which must have its own process and mount namespaces (see main.ts). */
export async function startLab(options: LabOptions): Promise<RunningLab> {
  const store = createStore();
  const subnet = chooseSubnet(takenSubnets(), Math.random);
  const network = await startSwitch(subnet, `as${subnet.hostAddress.split(".").slice(1, 3).join("x")}`);
  const addresses = createAddressBook(subnet);
  const { log, stateDirectory } = options;
  const identityOf = (pod: LabObject): PodIdentity | null => api.identityOf(pod);
  const kubelet = startKubelet({ store, network, addresses, stateDirectory, log, identityOf });
  const patroniInApi = isInKubernetes(options.patroniDcs);
  const cnpg = await cnpgSystem(store, kubelet, { stateDirectory, log });
  const systems = [
    etcdSystem(store, addresses),
    patroniSystem(store, addresses, options.patroniDcs),
    applicationSystem(store),
    backupSystem(store, addresses),
    kafkaSystem(store, addresses, log, options.kafkaRoles),
    rabbitmqSystem(store, addresses, options.rabbitmqNames),
    cnpg,
  ];
  const sleeper = createSleeper(store, kubelet, subnet.hostAddress);
  const idleness = options.idleAfterMs === null ? undefined : { afterMs: options.idleAfterMs, sleeper };
  const onDemand = startOnDemand(systems, log, idleness);
  const api = await startApiServer({
    store,
    runtime: kubelet,
    port: options.port,
    host: "127.0.0.1",
    // Nobody else of the lab's pods speaks to it.
    ...(patroniInApi ? { podHost: subnet.hostAddress } : {}),
    stateDirectory,
    beforeNamespace: onDemand.wake,
  });
  for (const { namespace } of systems) ensureNamespace(store, namespace);
  createNodes(store, subnet.hostAddress);
  const plane = createNetworkPlane(store, kubelet);
  const chaos = [networkChaos(store, plane), podChaos(store, kubelet), ioChaos(store, createIoPlane(kubelet))].map(
    (kind) => startChaosController(store, kind, { now: Date.now, random: Math.random, log }),
  );
  const stopControllers = [
    startEndpoints(store),
    startReplicaSets(store),
    startDeployments(store),
    startDaemonSets(store),
    startStatefulSets(store),
    startScheduler(store),
    startAttachDetach(store, options.volumes),
    startNodeLifecycle(store),
  ];
  const stopChaosMeshView = startChaosMeshView(store, subnet.hostAddress);
  createRedis(store, addresses, options.redis);
  const roles = startRedisRoles(store);
  // Where Patroni is in the API it labels its pods itself.
  const patroniRoles = patroniInApi ? null : startPatroniRoles(store);
  const stop = async (): Promise<void> => {
    stopChaosMeshView();
    roles.stop();
    onDemand.stop();
    patroniRoles?.stop();
    cnpg.stop();
    for (const stopController of stopControllers) stopController();
    await api.close();
    await Promise.all(chaos.map((controller) => controller.stop()));
    await kubelet.stop();
    await network.close();
  };
  try {
    await untilReady(() => redisReady(store) && roles.view().formed);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: api.url, kubeconfigPath: api.kubeconfigPath, accessLog: api.accessLog, stop };
}

function redisReady(store: ObjectStore): boolean {
  const pods = [...redisPods(store, "redis"), ...redisPods(store, "redis-sentinel")];
  return pods.length === 2 * redisMembers && pods.every(isPodReady);
}

async function untilReady(ready: () => boolean): Promise<void> {
  const end = performance.now() + readyDeadlineMs;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`the lab's systems were not ready after ${readyDeadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function createNodes(store: ObjectStore, address: string): void {
  for (const name of nodes) {
    store.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: {
          "kubernetes.io/hostname": name,
          "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
          "kubernetes.io/os": "linux",
        },
      },
      spec: {},
      status: {
        capacity: { cpu: "1", memory: "8Gi", pods: "110" },
        allocatable: { cpu: "1", memory: "8Gi", pods: "110" },
        addresses: [
          { type: "InternalIP", address },
          { type: "Hostname", address: name },
        ],
        conditions: [{ type: "Ready", status: "True", reason: "LabReady", message: "the lab runs" }],
        nodeInfo: {
          kubeletVersion: "v1.32.0-lab",
          architecture: process.arch === "x64" ? "amd64" : process.arch,
          operatingSystem: "linux",
        },
      },
    });
  }
}
