import type { AddressBook } from "../network/address-book.ts";
import type { ObjectStore } from "../objects.ts";
import { headlessService, statefulSet } from "./workload.ts";

export const etcdClientPort = 2379;
const members = 3;

/** etcd's own defaults throughout (heartbeat 100 ms, election 1 s), so that what is measured is what people run. */
const script = `
v2=""; [ -z "$WANTS_V2" ] || ! etcd --help 2>&1 | grep -q -- --enable-v2 || v2=--enable-v2=true
exec etcd --name "$POD_NAME" --data-dir /data/etcd --logger zap --log-level warn $v2 \\
  --listen-peer-urls "http://$POD_IP:2380" --initial-advertise-peer-urls "http://$POD_IP:2380" \\
  --listen-client-urls "http://$POD_IP:2379,http://127.0.0.1:2379" --advertise-client-urls "http://$POD_IP:2379" \\
  --initial-cluster "$INITIAL_CLUSTER" --initial-cluster-token "aftershock-$NAMESPACE" --initial-cluster-state new
`;

/**
 * Creates three etcd members `NAME-0..2` with the label `app: NAME`, and their service. `v2` also serves the old keys,
 * where this etcd still can. Returns the members' addresses.
 */
export function createEtcdMembers(
  store: ObjectStore,
  addresses: AddressBook,
  options: { namespace: string; name: string; api: "v3" | "v2 and v3" },
): string[] {
  const { namespace, name } = options;
  const hosts = Array.from({ length: members }, (_unused, at) => addresses.addressOf(namespace, `${name}-${at}`));
  store.create(headlessService(namespace, name, name, etcdClientPort));
  store.create(
    statefulSet({
      namespace,
      name,
      replicas: members,
      container: "etcd",
      image: "etcd",
      port: etcdClientPort,
      script,
      dataPath: "/data",
      env: [
        { name: "INITIAL_CLUSTER", value: hosts.map((host, at) => `${name}-${at}=http://${host}:2380`).join(",") },
        { name: "NAMESPACE", value: namespace },
        { name: "WANTS_V2", value: options.api === "v3" ? "" : "yes" },
      ],
      restartDelayMs: 3000,
    }),
  );
  return hosts;
}
