import type { LabSubnet } from "./addresses.ts";

/**
 * Gives every pod name one address for the lab's lifetime, also across restarts. A real cluster usually gives a new
 * one; the lab keeps it because Sentinel before Redis 6.2 (Ubuntu 22.04) knows its members by address only.
 */
export interface AddressBook {
  addressOf(namespace: string, pod: string): string;
}

export function createAddressBook(subnet: LabSubnet): AddressBook {
  const indexes = new Map<string, number>();
  return {
    addressOf: (namespace, pod) => {
      const key = `${namespace}/${pod}`;
      const index = indexes.get(key) ?? indexes.size;
      indexes.set(key, index);
      return subnet.podAddress(index);
    },
  };
}
