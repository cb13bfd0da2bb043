import { isPodReady } from "../controllers/stateful-set.ts";
import type { AddressBook } from "../network/address-book.ts";
import type { ObjectStore } from "../objects.ts";
import type { LabSystem } from "./on-demand.ts";
import { headlessService, statefulSet } from "./workload.ts";

const namespace = "messaging";
const name = "rabbitmq";
const members = 3;
const amqpPort = 5672;
/** Home of the distribution's user rabbitmq, where its commands look for the Erlang cookie. */
const home = "/var/lib/rabbitmq";

/**
 * RabbitMQ's own defaults throughout, but for what a laptop needs: each node has one scheduler, no plugins, and its log
 * on standard output. Node names are resolved by the pod's hosts file, so a node starts when it finds all of them there.
 * The distribution's wrapper writes the log to files; the server's own script is started instead, as the user whose
 * commands are to reach it.
 */
const script = `
for pod in $MEMBERS; do
  tries=0
  until getent hosts "$pod$HOST_SUFFIX" >/dev/null || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
done
# The first start of all: the others join the first, which waits for nobody, once it serves. One that finds its peers not
# serving yet gives up after some tries and starts a cluster of its own (RabbitMQ documentation, cluster formation).
peers=$MEMBERS
if [ ! -d ${home}/mnesia ]; then
  if [ "$POD_NAME" = "$FIRST" ]; then peers=$FIRST; else
    peers="$FIRST $POD_NAME"
    tries=0
    until bash -c 'exec 3<>/dev/tcp/$0/${amqpPort}' "$FIRST" 2>/dev/null || [ $tries -ge 250 ]; do
      tries=$((tries + 1)); sleep 0.1
    done
  fi
fi
{
  echo "listeners.tcp.default = ${amqpPort}"
  echo "cluster_formation.peer_discovery_backend = classic_config"
  at=0
  for pod in $peers; do at=$((at + 1)); echo "cluster_formation.classic_config.nodes.$at = rabbit@$pod$HOST_SUFFIX"; done
} > /run/rabbitmq.conf
echo "[]." > /run/enabled_plugins
[ -f ${home}/.erlang.cookie ] || printf '%s' "aftershock-$COOKIE" > ${home}/.erlang.cookie
mkdir -p /var/log/rabbitmq
chown -R rabbitmq:rabbitmq ${home} /var/log/rabbitmq
chmod 400 ${home}/.erlang.cookie
cd ${home}
export HOME=${home} RABBITMQ_CONFIG_FILE=/run/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=/run/enabled_plugins
export RABBITMQ_LOGS=- RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +SDio 4 +A 4"
exec setpriv --reuid rabbitmq --regid rabbitmq --init-groups /usr/lib/rabbitmq/bin/rabbitmq-server
`;

/**
 * `short`: `rabbit@rabbitmq-0`, what RabbitMQ does by itself. `long`: `rabbit@rabbitmq-0.rabbitmq.messaging`, as the
 * RabbitMQ Cluster Operator sets it (rabbitmq/cluster-operator v2.22.3, internal/resource/statefulset.go).
 */
export type RabbitNames = "short" | "long";

export function parseRabbitNames(text: string): RabbitNames {
  if (text === "short" || text === "long") return text;
  throw new Error(`--rabbitmq-names ${text}: it must be short or long`);
}

/** The variables of a container that make its node's name; commands that are run in the pod find them too. */
const naming: Readonly<Record<RabbitNames, ReadonlyArray<{ name: string; value: string }>>> = {
  short: [{ name: "HOST_SUFFIX", value: "" }],
  long: [
    { name: "HOST_SUFFIX", value: `.${name}.${namespace}` },
    { name: "RABBITMQ_USE_LONGNAME", value: "true" },
    { name: "RABBITMQ_NODENAME", value: "rabbit@$(POD_NAME)$(HOST_SUFFIX)" },
  ],
};

/** Three RabbitMQ nodes as the training module has them: `rabbitmq-0..2` (app: rabbitmq) in namespace `messaging`. */
export function rabbitmqSystem(store: ObjectStore, addresses: AddressBook, names: RabbitNames): LabSystem {
  const pods = Array.from({ length: members }, (_unused, ordinal) => `${name}-${ordinal}`);
  return {
    namespace,
    apps: [name],
    start: () => {
      for (const pod of pods) addresses.addressOf(namespace, pod);
      store.create(headlessService(namespace, name, name, amqpPort));
      store.create(
        statefulSet({
          namespace,
          name,
          replicas: members,
          container: name,
          image: name,
          port: amqpPort,
          script,
          dataPath: home,
          env: [
            { name: "MEMBERS", value: pods.join(" ") },
            { name: "FIRST", value: `${name}-0` },
            { name: "COOKIE", value: namespace },
            ...naming[names],
          ],
          restartDelayMs: 8000,
        }),
      );
    },
    // A node opens its port when it has joined the cluster (RabbitMQ documentation, boot steps), so ready is formed.
    formed: async () => {
      const own = store.list("Pod", namespace).filter((pod) => pod.metadata.labels?.["app"] === name);
      return own.length === members && own.every(isPodReady);
    },
  };
}
