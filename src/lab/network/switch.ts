import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mustRun } from "../isolation/run-command.ts";
import type { LabSubnet } from "./addresses.ts";

/**
 * The lab's network: a bridge in a network namespace of its own, held by a process and not named, so that it goes
 * when the process goes. One veth pair joins it to the host, where only that end and its route are seen. Pods talk
 * over the bridge, out of reach of the host's own firewall (on Docker hosts bridged traffic is filtered).
 */
export interface Switch {
  subnet: LabSubnet;
  /** Gives a namespace, named by the id of a process in it, the interface eth0 with an address. */
  plug(namespacePid: number, port: string, address: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts the switch. `hostInterface` is the name of the host's end, at most 15 characters. */
export async function startSwitch(subnet: LabSubnet, hostInterface: string): Promise<Switch> {
  const holder = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec sleep infinity"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = await readyPid(holder);
  await mustRun(
    ["ip", "-batch", "-"],
    [
      `link add ${hostInterface} type veth peer name uplink netns ${pid}`,
      `addr add ${subnet.hostAddress}/${subnet.prefixLength} dev ${hostInterface}`,
      `link set ${hostInterface} up`,
    ].join("\n"),
  );
  const inSwitch = (lines: readonly string[]) =>
    mustRun(["nsenter", "-t", String(pid), "-n", "ip", "-batch", "-"], lines.join("\n"));
  await inSwitch([
    "link set lo up",
    "link add br0 type bridge forward_delay 0",
    "link set br0 up",
    "link set uplink master br0 up",
  ]);
  return {
    subnet,
    plug: async (namespacePid, port, address) => {
      await inSwitch([
        `link add ${port} type veth peer name eth0 address ${macOf(address)} netns ${namespacePid}`,
        `link set ${port} master br0 up`,
      ]);
      await mustRun(
        ["nsenter", "-t", String(namespacePid), "-n", "ip", "-batch", "-"],
        ["link set lo up", `addr add ${address}/${subnet.prefixLength} dev eth0`, "link set eth0 up"].join("\n"),
      );
    },
    close: async () => {
      // The veth pair goes with the namespace that holds its other end.
      const gone = once(holder, "exit");
      holder.kill("SIGKILL");
      await gone;
    },
  };
}

/**
 * A pod that comes back with its old IP must also have its old MAC, or its neighbours go on sending to the one that is
 * gone until their ARP entries expire. 0a:58 and the IP's four bytes, as Kubernetes' own bridge plugins do it.
 */
function macOf(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return ["0a", "58", ...bytes].join(":");
}

async function readyPid(holder: ChildProcess): Promise<number> {
  const { stdout } = holder;
  if (stdout === null || holder.pid === undefined) throw new Error("the network namespace could not be made");
  const [first] = (await Promise.race([once(stdout, "data"), once(holder, "exit")])) as [unknown];
  if (!Buffer.isBuffer(first)) throw new Error("the network namespace could not be made: unshare refused");
  return holder.pid;
}
