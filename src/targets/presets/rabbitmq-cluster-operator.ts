import { labelled, tlsWhen, type Preset } from "./preset.ts";

/**
 * RabbitMQ by its Cluster Operator. Read in rabbitmq/cluster-operator v2.22.3:
 * - labels `app.kubernetes.io/name={instance}`, component and part-of rabbitmq: internal/metadata/label.go;
 * - Secret `{instance}-default-user`, keys username and password: internal/resource/default_user_secret.go;
 * - ports 5672 and, with spec.tls, 5671: updateContainerPorts in statefulset.go, configmap.go;
 * - RABBITMQ_USE_LONGNAME is true, a node `rabbit@{pod}.{instance}-nodes.{namespace}`: statefulset.go. Nodes are asked for
 *   their own names, so nothing here says it;
 * - the certificate and its authority are the user's own (spec.tls.secretName); the name
 *   `{pod}.{instance}-nodes.{namespace}` is what Vault is asked for (api/v1beta1/rabbitmqcluster_types.go) and what
 *   docs/examples/mtls-inter-node/rabbitmq-certificate.yaml has.
 */
export const rabbitmqClusterOperator: Preset = {
  name: "rabbitmq-cluster-operator",
  title: "RabbitMQ Cluster Operator",
  source: "rabbitmq/cluster-operator v2.22.3",
  systems: ["rabbitmq"],
  unfit: {},
  transports: ["plain", "tls"],
  user: "is always the same",
  of: ({ instance, transport }) => {
    const secret = `${instance}-default-user`;
    return {
      selectors: {
        amqp: labelled({ "app.kubernetes.io/name": instance, "app.kubernetes.io/component": "rabbitmq" }),
      },
      parameters: {},
      access: {
        amqp: {
          port: transport === "tls" ? 5671 : 5672,
          user: { secret, key: "username" },
          password: { secret, key: "password" },
          ...tlsWhen(transport, { serverName: `{pod}.${instance}-nodes.{namespace}`, verify: "full" }),
        },
      },
    };
  },
  recognise: (labels) =>
    labels["app.kubernetes.io/part-of"] === "rabbitmq" && labels["app.kubernetes.io/component"] === "rabbitmq"
      ? (labels["app.kubernetes.io/name"] ?? null)
      : null,
};
