import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs the lab runs, and the Debian and Ubuntu package of each. */
const programs: ReadonlyArray<[program: string, debianPackage: string]> = [
  ["unshare", "util-linux"],
  ["nsenter", "util-linux"],
  ["ip", "iproute2"],
  ["nft", "nftables"],
  ["python3", "python3"],
  ["redis-server", "redis-server"],
  ["redis-cli", "redis-tools"],
  ["patroni", "patroni"],
  ["etcd", "etcd-server"],
  ["etcdctl", "etcd-client"],
  ["rabbitmq-server", "rabbitmq-server"],
  ["curl", "curl"],
];

/** Why the lab cannot run here, in a sentence with the way out; null when it can. */
export function labObstacle(environment: {
  platform: string;
  uid: number;
  path: string;
  exists?: (file: string) => boolean;
}): string | null {
  if (environment.platform !== "linux") {
    return "The lab needs Linux (network namespaces). Elsewhere, run it in a Linux container or virtual machine with --privileged.";
  }
  if (environment.uid !== 0) {
    return "The lab needs root for network namespaces. Run it with sudo, or in a container with --privileged.";
  }
  const exists = environment.exists ?? existsSync;
  const folders = [...environment.path.split(delimiter), "/usr/sbin", "/sbin"];
  const missing = programs.filter(([program]) => !folders.some((folder) => exists(join(folder, program))));
  if (missing.length === 0) return null;
  const packages = [...new Set(missing.map(([, debianPackage]) => debianPackage))].join(" ");
  return `The lab needs ${missing.map(([program]) => program).join(", ")}. Install: apt-get install --no-install-recommends ${packages}`;
}
