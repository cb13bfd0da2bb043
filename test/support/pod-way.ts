import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster, PodWay, ReachMode, WayChange } from "../../src/cluster/port.ts";

/** A way that says what it logs and what becomes of it; `end` is the end of its session. */
export interface WatchedWay {
  cluster: Cluster;
  way: PodWay;
  logged: Array<Record<string, unknown> & { message: string }>;
  changes: WayChange[];
  end(): Promise<void>;
}

export function openWatchedWay(kubeconfig: string, reach: ReachMode): WatchedWay {
  const cluster = openCluster({ name: "lab", kubeconfig, reach });
  const over = new AbortController();
  const logged: WatchedWay["logged"] = [];
  const changes: WayChange[] = [];
  const way = cluster.openWay({
    signal: over.signal,
    log: (message, detail) => void logged.push({ message, ...detail }),
  });
  way.watch((change) => void changes.push(change));
  return {
    cluster,
    way,
    logged,
    changes,
    end: async () => {
      over.abort();
      await cluster.close();
    },
  };
}

/** A TCP server on loopback. `allowHalfOpen`: its side stays open when the client has sent all. */
export async function listenLocally(serve: (socket: Socket) => void): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** A connected client; what ends it is for its test to see. */
export async function dialled(at: { host: string; port: number }): Promise<Socket> {
  const socket = connect({ ...at, allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => undefined);
  return socket;
}

/** How a connection ended: `end` by the other side, or the error's code. */
export async function endOf(socket: Socket): Promise<string> {
  socket.resume();
  return Promise.race([
    once(socket, "end").then(() => "end"),
    once(socket, "error").then(([error]) => String((error as NodeJS.ErrnoException).code)),
  ]).catch((error: unknown) => String((error as NodeJS.ErrnoException).code));
}
