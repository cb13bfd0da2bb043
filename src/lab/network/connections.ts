import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** One row of /proc/PID/net/tcp or tcp6, as far as it is of use here. */
export interface TcpRow {
  localHost: string;
  localPort: number;
  remoteHost: string;
  remotePort: number;
  state: "established" | "listening" | "other";
  /** Of the socket; 0 when nobody holds it any more. */
  inode: number;
}

/** Someone from outside who is connected to a program in a pod. */
export interface Inbound {
  fromHost: string;
  fromPort: number;
  toPort: number;
}

/** States of include/net/tcp_states.h in the Linux kernel. */
const states: Readonly<Record<string, TcpRow["state"]>> = { "01": "established", "0A": "listening" };

/**
 * Reads a table of proc(5), net/tcp and net/tcp6: addresses are hexadecimal words in the machine's order (little endian
 * here), ports plain hexadecimal. An IPv4 address in the IPv6 table (`::ffff:10.0.0.1`) comes out as IPv4.
 */
export function parseTcpTable(text: string): TcpRow[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line): TcpRow[] => {
      const [, local = "", remote = "", state = "", , , , , , inode] = line.trim().split(/\s+/);
      if (inode === undefined) return [];
      const [localHost, localPort] = addressOf(local);
      const [remoteHost, remotePort] = addressOf(remote);
      return [{ localHost, localPort, remoteHost, remotePort, state: states[state] ?? "other", inode: Number(inode) }];
    });
}

/** `::ffff:0:0/96`, which holds the IPv4 addresses, and `::1`, as the table writes them. */
const mapped = "0000000000000000FFFF0000";
const loopback6 = "00000000000000000000000001000000";

function addressOf(text: string): [host: string, port: number] {
  const [hex = "", port = ""] = text.split(":");
  const ipv4 = hex.length === 8 ? hex : hex.startsWith(mapped) ? hex.slice(mapped.length) : null;
  const host =
    ipv4 === null
      ? hex === loopback6
        ? "::1"
        : hex
      : [6, 4, 2, 0].map((at) => Number.parseInt(ipv4.slice(at, at + 2), 16)).join(".");
  return [host, Number.parseInt(port, 16)];
}

/** Established connections to what listens there; those to itself over loopback are not from outside. */
export function inbound(rows: readonly TcpRow[]): Inbound[] {
  const served = new Set(rows.filter(({ state }) => state === "listening").map(({ localPort }) => localPort));
  return rows
    .filter(({ state, localPort, remoteHost }) => {
      const itself = remoteHost === "::1" || remoteHost.startsWith("127.");
      return state === "established" && served.has(localPort) && !itself;
    })
    .map(({ remoteHost, remotePort, localPort }) => ({
      fromHost: remoteHost,
      fromPort: remotePort,
      toPort: localPort,
    }));
}

/** The table of the network namespace of a process; empty when it has gone. */
export function tcpTableOf(pid: number | "self"): TcpRow[] {
  try {
    return ["tcp", "tcp6"].flatMap((name) => parseTcpTable(readFileSync(`/proc/${pid}/net/${name}`, "utf8")));
  } catch {
    return [];
  }
}

/** Inodes of this process's own sockets. */
export function ownSockets(): Set<number> {
  const inodes = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const found = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      return found === undefined ? [] : [Number(found)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return new Set(inodes);
}
