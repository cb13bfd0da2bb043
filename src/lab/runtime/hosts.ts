import type { ObjectStore } from "../objects.ts";
import { asList, record } from "./pod-spec.ts";

const domain = "cluster.local";

/**
 * The hosts file that stands for cluster DNS: every service name with each of its addresses, and every member of a
 * headless service under `pod.service.namespace.svc.cluster.local`, and under what a pod's search domains make that.
 */
export function hostsText(store: ObjectStore): string {
  const lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"];
  for (const endpoints of store.list("Endpoints")) {
    const { name, namespace = "default" } = endpoints.metadata;
    const service = [`${name}.${namespace}.svc.${domain}`, `${name}.${namespace}.svc`, `${name}.${namespace}`];
    for (const subset of asList(endpoints["subsets"])) {
      for (const address of [...asList(subset["addresses"]), ...asList(subset["notReadyAddresses"])]) {
        const pod = String(record(address["targetRef"])["name"] ?? "");
        const own = pod === "" ? [] : [...service.map((called) => `${pod}.${called}`), `${pod}.${name}`, pod];
        lines.push(`${String(address["ip"])} ${[...own, ...service].join(" ")}`);
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
