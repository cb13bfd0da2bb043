import type { PodAddress } from "./system.ts";

/** Which pod an address means that a server tells: of its master, its replicas, or whom it streams from. */
export interface PodNames {
  /** The pod's name; the address itself when it is no pod of ours. */
  nameOf(address: string): string;
  /** Addresses that pods have now; what was known stays known, since old news may name them. */
  learn(pods: readonly PodAddress[]): void;
  /** What members announce (`replica-announce-ip`), e.g. the address of a service; one that two announce means neither. */
  announced(addresses: ReadonlyArray<{ pod: string; address: string }>): void;
}

/**
 * Sentinels tell pod IPs, or names with `announce-hostnames yes` (Redis documentation, Sentinel, IP addresses and DNS
 * names), which on Kubernetes are `POD.SERVICE.NAMESPACE.svc.DOMAIN` or its beginnings (kubernetes.io, DNS for services
 * and pods: pod's hostname and subdomain; a StatefulSet's pods have their own name as hostname).
 */
export function podNames(namespace: string): PodNames {
  const byAddress = new Map<string, string>();
  const names = new Set<string>();
  const byHostname = (address: string): string | undefined => {
    const [pod = "", , where] = address.toLowerCase().replace(/\.$/, "").split(".");
    return names.has(pod) && (where === undefined || where === namespace) ? pod : undefined;
  };
  return {
    nameOf: (address) => byAddress.get(address) ?? byHostname(address) ?? address,
    learn: (pods) => {
      for (const { name, host } of pods) {
        names.add(name);
        if (host !== "") byAddress.set(host, name);
      }
    },
    announced: (addresses) => {
      for (const { pod, address } of addresses) {
        const unique = addresses.every((other) => other.pod === pod || other.address !== address);
        if (unique && address !== "" && !byAddress.has(address)) byAddress.set(address, pod);
      }
    },
  };
}
