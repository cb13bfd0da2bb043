import { labelled, tlsWhen, type Preset } from "./preset.ts";

/**
 * Kafka by Strimzi. Read in strimzi/strimzi-kafka-operator 1.2.0:
 * - labels strimzi.io/cluster, …/kind, …/broker-role and …/controller-role: api/…/ResourceLabels.java and
 *   operator-common/…/model/Labels.java;
 * - Secret `{cluster}-cluster-ca-cert`, key ca.crt: KafkaResources.java; certificates have the names
 *   `{pod}.{cluster}-kafka-brokers.{namespace}.svc`: buildKafkaNodeCertsSubject in cluster-operator/…/KafkaCluster.java;
 * - a KafkaUser's Secret is called like it; key password with SCRAM-SHA-512, user.crt and user.key with TLS:
 *   user-operator/…/KafkaUserModel.java;
 * - listeners are the user's own to define; 9092 without and 9093 with TLS are those of examples/kafka. 9090, of the
 *   controllers (CONTROLPLANE_PORT on every node with that role, and nothing else on one that is no broker:
 *   getContainerPortList in KafkaCluster.java), and 9091, between brokers, ask for certificates of the operator's. So brokers
 *   are asked who the active controller is, and 9090 is only where paths between pods are tried.
 */
export const strimzi: Preset = {
  name: "strimzi",
  title: "Strimzi",
  source: "strimzi/strimzi-kafka-operator 1.2.0",
  systems: ["kafka"],
  unfit: {},
  transports: ["plain", "tls"],
  user: "picks the Secret",
  of: ({ instance, transport, user }) => {
    const pods = (role: string): string =>
      labelled({ "strimzi.io/cluster": instance, "strimzi.io/kind": "Kafka", [`strimzi.io/${role}`]: "true" });
    return {
      selectors: { kafka: pods("broker-role"), controller: pods("controller-role") },
      parameters: {},
      access: {
        controller: { port: 9090 },
        kafka: {
          port: transport === "tls" ? 9093 : 9092,
          ...(user === undefined
            ? {}
            : { user, password: { secret: user, key: "password" }, mechanism: "SCRAM-SHA-512" }),
          ...tlsWhen(transport, {
            ca: { secret: `${instance}-cluster-ca-cert`, key: "ca.crt" },
            serverName: `{pod}.${instance}-kafka-brokers.{namespace}.svc`,
            verify: "full",
          }),
        },
      },
    };
  },
  recognise: (labels) =>
    labels["strimzi.io/kind"] === "Kafka" && labels["strimzi.io/broker-role"] === "true"
      ? (labels["strimzi.io/cluster"] ?? null)
      : null,
};
