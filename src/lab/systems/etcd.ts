import type { AddressBook } from "../network/address-book.ts";
import type { ObjectStore } from "../objects.ts";
import { isPodReady } from "../controllers/stateful-set.ts";
import { createEtcdMembers, etcdClientPort } from "./etcd-members.ts";
import type { LabSystem } from "./on-demand.ts";

const namespace = "etcd";

/** Three etcd members as the training module has them: `etcd-0..2` (app: etcd) in namespace `etcd`. */
export function etcdSystem(store: ObjectStore, addresses: AddressBook): LabSystem {
  let hosts: string[] = [];
  return {
    namespace,
    start: () => {
      hosts = createEtcdMembers(store, addresses, { namespace, name: "etcd", api: "v3" });
    },
    formed: async () => {
      const pods = store.list("Pod", namespace);
      if (pods.length < hosts.length || !pods.every(isPodReady)) return false;
      const answers = await Promise.all(hosts.map((host) => isHealthy(`http://${host}:${etcdClientPort}`)));
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
