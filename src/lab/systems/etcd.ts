import type { AddressBook } from "../network/address-book.ts";
import type { ObjectStore } from "../objects.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import type { LabSystem } from "./on-demand.ts";
import { ensureNamespace, headlessService, statefulSet } from "./workload.ts";

const namespace = "etcd";
const members = 3;
const clientPort = 2379;

/** etcd's own defaults throughout (heartbeat 100 ms, election 1 s), so that what is measured is what people run. */
const script = `
exec etcd --name "$POD_NAME" --data-dir /data/etcd --logger zap --log-level warn \\
  --listen-peer-urls "http://$POD_IP:2380" --initial-advertise-peer-urls "http://$POD_IP:2380" \\
  --listen-client-urls "http://$POD_IP:2379,http://127.0.0.1:2379" --advertise-client-urls "http://$POD_IP:2379" \\
  --initial-cluster "$INITIAL_CLUSTER" --initial-cluster-token aftershock-lab --initial-cluster-state new
`;

/** Three etcd members as the training module has them: `etcd-0..2` (app: etcd) in namespace `etcd`. */
export function etcdSystem(store: ObjectStore, addresses: AddressBook): LabSystem {
  const names = Array.from({ length: members }, (_unused, ordinal) => `etcd-${ordinal}`);
  const addressOf = (name: string): string => addresses.addressOf(namespace, name);
  return {
    namespace,
    start: () => {
      ensureNamespace(store, namespace);
      store.create(headlessService(namespace, "etcd", "etcd", clientPort));
      const initial = names.map((name) => `${name}=http://${addressOf(name)}:2380`).join(",");
      store.create(
        statefulSet({
          namespace,
          name: "etcd",
          replicas: members,
          container: "etcd",
          image: "etcd",
          port: clientPort,
          script,
          env: [{ name: "INITIAL_CLUSTER", value: initial }],
          restartDelayMs: 3000,
        }),
      );
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      if (pods.length < members || !pods.every(isPodReady)) return false;
      const answers = await Promise.all(names.map((name) => isHealthy(`http://${addressOf(name)}:${clientPort}`)));
      return answers.every(Boolean);
    },
  };
}

/** `/health` is true only with a leader (etcd documentation, monitoring). */
async function isHealthy(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
    return answer.ok && (await answer.text()).includes('"true"');
  } catch {
    return false;
  }
}
