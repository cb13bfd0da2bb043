import { networkInterfaces } from "node:os";
import { readFileSync } from "node:fs";

/** One lab's addresses: a /24 whose .1 is the host's end and from whose .10 on the pods are numbered. */
export interface LabSubnet {
  hostAddress: string;
  prefixLength: 24;
  podAddress(index: number): string;
}

const firstPodOctet = 10;
const lastPodOctet = 250;

/** The subnet 10.`second`.`third`.0/24. */
export function subnet(second: number, third: number): LabSubnet {
  const base = `10.${second}.${third}`;
  return {
    hostAddress: `${base}.1`,
    prefixLength: 24,
    podAddress: (index) => {
      const octet = firstPodOctet + index;
      if (octet > lastPodOctet) throw new Error(`the lab has room for ${lastPodOctet - firstPodOctet + 1} pods`);
      return `${base}.${octet}`;
    },
  };
}

/**
 * Picks a /24 that this machine neither has nor routes, so that several labs can run side by side. `random` is in
 * [0, 1), as Math.random gives it.
 */
export function chooseSubnet(taken: readonly number[], random: () => number): LabSubnet {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const second = 64 + Math.floor(random() * 128);
    const third = Math.floor(random() * 256);
    if (!taken.includes(second * 256 + third)) return subnet(second, third);
  }
  throw new Error("no free subnet in 10.64.0.0/10");
}

/** The 10.x.y.0/24 networks that interfaces and routes of this machine touch, as `x * 256 + y`. */
export function takenSubnets(): number[] {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map((entry) => entry.address),
  );
  return [...addresses, ...routedNetworks()].flatMap((address) => {
    const [first, second, third] = address.split(".").map(Number);
    return first === 10 && second !== undefined && third !== undefined ? [second * 256 + third] : [];
  });
}

/** Destinations in /proc/net/route: hexadecimal, little endian (proc(5)). */
function routedNetworks(): string[] {
  return readFileSync("/proc/net/route", "utf8")
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const hex = line.split("\t")[1];
      if (hex === undefined || hex.length !== 8) return [];
      return [[6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".")];
    });
}
