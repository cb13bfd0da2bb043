import type { AddressBook } from "../network/address-book.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { ObjectStore } from "../objects.ts";
import { recordEvent } from "../runtime/record-event.ts";
import { findKafka, type KafkaPrograms } from "./kafka-programs.ts";
import type { LabSystem } from "./on-demand.ts";
import { headlessService, statefulSet } from "./workload.ts";

const namespace = "messaging";
const members = 3;
const port = 9092;
const programs = "/opt/kafka";
const askTimeoutMs = 1000;

/**
 * Brokers that are controllers too (KRaft, combined), with Kafka's own defaults for everything that a failover depends
 * on (session timeout 9 s, `min.insync.replicas` 1), so that what is measured is what people run. The heap is small,
 * (so is the log cleaner's buffer, half of it otherwise) and only the quick compiler runs, so that three start on two cores in seconds. The storage is formatted once.
 */
const script = `
id="\${POD_NAME##*-}"
mkdir -p /data/kafka
cat > /data/server.properties <<CONF
process.roles=broker,controller
node.id=$id
controller.quorum.voters=$VOTERS
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://0.0.0.0:${port},CONTROLLER://0.0.0.0:9093
advertised.listeners=PLAINTEXT://$POD_IP:${port},CONTROLLER://$POD_IP:9093
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=/data/kafka
log.cleaner.dedupe.buffer.size=16777216
CONF
[ -f /data/kafka/meta.properties ] || kafka-storage.sh format -t "$CLUSTER_ID" -c /data/server.properties
exec java -Xms128m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \\
  -cp "${programs}/libs/*" kafka.Kafka /data/server.properties
`;

/**
 * Three Kafka brokers as the training module has them: `kafka-0..2` (app: kafka) in namespace `messaging`. Where Kafka
 * cannot be had there are no pods, and the namespace has an event that says why.
 */
export function kafkaSystem(
  store: ObjectStore,
  addresses: AddressBook,
  log: (message: string) => void,
  find: () => Promise<KafkaPrograms> = findKafka,
): LabSystem {
  let found: Promise<KafkaPrograms> | undefined;
  let created = false;
  const create = (folder: string): void => {
    created = true;
    const hosts = Array.from({ length: members }, (_unused, at) => addresses.addressOf(namespace, `kafka-${at}`));
    store.create(headlessService(namespace, "kafka", "kafka", port));
    store.create(
      statefulSet({
        namespace,
        name: "kafka",
        replicas: members,
        container: "kafka",
        image: "apache/kafka",
        port,
        script,
        dataPath: "/data",
        env: [
          { name: "VOTERS", value: hosts.map((host, at) => `${at}@${host}:9093`).join(",") },
          // Sixteen bytes in base64, as Kafka writes a cluster's id.
          { name: "CLUSTER_ID", value: Buffer.from("aftershock-lab-0").toString("base64url") },
          // Kafka's own scripts would write their logs beside themselves, into a folder of this machine.
          { name: "LOG_DIR", value: "/tmp" },
          { name: "PATH", value: `${programs}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` },
        ],
        hostFolders: [{ name: "programs", path: folder, mountPath: programs }],
        // Longer than broker.session.timeout.ms (9 s), so that the controller misses the broker before it is back.
        restartDelayMs: 12_000,
      }),
    );
  };
  return {
    namespace,
    apps: ["kafka"],
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
      const pods = store.list("Pod", namespace).filter((pod) => pod.metadata.labels?.["app"] === "kafka");
      if (pods.length < members || !pods.every(isPodReady)) return false;
      const known = await Promise.all(pods.map((pod) => brokersKnownTo(String(pod.status?.["podIP"] ?? ""))));
      return known.every((brokers) => brokers === members);
    },
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
