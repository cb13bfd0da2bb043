import type { AddressBook } from "../network/address-book.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { ObjectStore } from "../objects.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { findKafka, type KafkaPrograms } from "./kafka-programs.ts";
import type { LabSystem } from "./on-demand.ts";
import { headlessService, statefulSet, type StatefulWorkload } from "./workload.ts";

const namespace = "messaging";
const members = 3;
const port = 9092;
const controllerPort = 9093;
const programs = "/opt/kafka";
const askTimeoutMs = 1000;

/**
 * `combined`: brokers that are controllers too. `separate`: three controllers beside the three brokers, as operators have
 * them (Strimzi: KafkaNodePool with the role controller, and another with the role broker).
 */
export type KafkaRoles = "combined" | "separate";

export function parseKafkaRoles(text: string): KafkaRoles {
  if (text === "combined" || text === "separate") return text;
  throw new Error(`--kafka-roles ${text}: it must be combined or separate`);
}

/** A node of one set, by its pod's number: what it is in `process.roles`, and where its number begins. */
interface NodeSet {
  name: string;
  roles: string;
  firstId: number;
  /** Its listeners, with `IP` for an address. */
  listeners: string;
  port: number;
}

const clients = `PLAINTEXT://IP:${port}`;
const ofControllers = `CONTROLLER://IP:${controllerPort}`;
const sets: Readonly<Record<KafkaRoles, readonly [NodeSet, ...NodeSet[]]>> = {
  combined: [{ name: "kafka", roles: "broker,controller", firstId: 0, listeners: `${clients},${ofControllers}`, port }],
  separate: [
    { name: "kafka", roles: "broker", firstId: 0, listeners: clients, port },
    // Their numbers are not those of their pods, so that nothing here can be right by chance.
    { name: "kafka-controller", roles: "controller", firstId: 100, listeners: ofControllers, port: controllerPort },
  ],
};

/**
 * Nodes in KRaft mode, with Kafka's own defaults for everything that a failover depends on (session timeout 9 s,
 * `min.insync.replicas` 1), so that what is measured is what people run. The heap is small (so is the log cleaner's
 * buffer, half of it otherwise) and only the quick compiler runs, so that three start on two cores in seconds. The storage
 * is formatted once.
 */
const script = `
id=$((FIRST_ID + \${POD_NAME##*-}))
mkdir -p /data/kafka
cat > /data/server.properties <<CONF
process.roles=$ROLES
node.id=$id
controller.quorum.voters=$VOTERS
controller.listener.names=CONTROLLER
listeners=$(echo "$LISTENERS" | sed 's/IP/0.0.0.0/g')
advertised.listeners=$(echo "$LISTENERS" | sed "s/IP/$POD_IP/g")
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=/data/kafka
log.cleaner.dedupe.buffer.size=16777216
CONF
[ -f /data/kafka/meta.properties ] || kafka-storage.sh format -t "$CLUSTER_ID" -c /data/server.properties
exec java -Xms128m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \\
  -cp "${programs}/libs/*" kafka.Kafka /data/server.properties
`;

/**
 * Three Kafka brokers as the training module has them: `kafka-0..2` (app: kafka) in namespace `messaging`; with separate
 * roles also controllers, `kafka-controller-0..2` (app: kafka-controller). Where Kafka cannot be had there are no pods, and
 * the namespace has an event that says why.
 */
export function kafkaSystem(
  store: ObjectStore,
  addresses: AddressBook,
  log: (message: string) => void,
  roles: KafkaRoles,
  find: () => Promise<KafkaPrograms> = findKafka,
): LabSystem {
  let found: Promise<KafkaPrograms> | undefined;
  let created = false;
  const apps = sets[roles].map(({ name }) => name);
  const create = (folder: string): void => {
    created = true;
    const voters = sets[roles].findLast((set) => set.roles.includes("controller")) ?? sets[roles][0];
    const hosts = Array.from({ length: members }, (_unused, at) =>
      addresses.addressOf(namespace, `${voters.name}-${at}`),
    );
    const quorum = hosts.map((host, at) => `${voters.firstId + at}@${host}:${controllerPort}`).join(",");
    for (const set of sets[roles]) {
      store.create(headlessService(namespace, set.name, set.name, set.port));
      store.create(statefulSet(workloadOf(set, quorum, folder)));
    }
  };
  return {
    namespace,
    apps,
    start: () => {
      log("looking for Kafka (KAFKA_HOME, or fetched once with Maven)");
      found = find();
    },
    formed: async () => {
      const kafka = (await found) ?? { missing: "it was not asked for" };
      if ("missing" in kafka) {
        if (created) return true;
        created = true;
        log(kafka.missing);
        tellWhyNot(store, kafka.missing);
        return true;
      }
      if (!created) create(kafka.folder);
      const labelled = (app: string) =>
        store.list("Pod", namespace).filter((pod) => pod.metadata.labels?.["app"] === app);
      if (!apps.every((app) => labelled(app).length === members && labelled(app).every(isPodReady))) return false;
      const pods = labelled("kafka");
      const known = await Promise.all(pods.map((pod) => brokersKnownTo(String(pod.status?.["podIP"] ?? ""))));
      return known.every((brokers) => brokers === members);
    },
  };
}

function workloadOf(set: NodeSet, quorum: string, folder: string): StatefulWorkload {
  return {
    namespace,
    name: set.name,
    replicas: members,
    container: "kafka",
    image: "apache/kafka",
    port: set.port,
    script,
    dataPath: "/data",
    env: [
      { name: "ROLES", value: set.roles },
      { name: "FIRST_ID", value: String(set.firstId) },
      { name: "LISTENERS", value: set.listeners },
      { name: "VOTERS", value: quorum },
      // Sixteen bytes in base64, as Kafka writes a cluster's id.
      { name: "CLUSTER_ID", value: Buffer.from("aftershock-lab-0").toString("base64url") },
      // Kafka's own scripts would write their logs beside themselves, into a folder of this machine.
      { name: "LOG_DIR", value: "/tmp" },
      { name: "PATH", value: `${programs}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
    ],
    hostFolders: [{ name: "programs", path: folder, mountPath: programs }],
    // Longer than broker.session.timeout.ms (9 s), so that the controller misses the broker before it is back.
    restartDelayMs: 12_000,
  };
}

/** How many brokers one knows that are registered and not fenced; null without an answer. */
async function brokersKnownTo(host: string): Promise<number | null> {
  // Loaded when first needed: a third of a second that a lab without Kafka does not pay.
  const { Connection, metadataV12 } = await import("@platformatic/kafka");
  const connection = new Connection("aftershock-lab", { connectTimeout: askTimeoutMs, requestTimeout: askTimeoutMs });
  connection.on("error", () => undefined);
  try {
    await connection.connect(host, port);
    return (await metadataV12.api.async(connection, [], false, false)).brokers.length;
  } catch {
    return null;
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** As a cluster tells of what it could not run: an event, of the namespace, since there are no pods. */
function tellWhyNot(store: ObjectStore, message: string): void {
  const about = store.get({ kind: "Namespace", name: namespace });
  if (about !== undefined) {
    recordEvent(store, about, { type: "Warning", reason: "KafkaNotAvailable", message, component: "lab" });
  }
}
