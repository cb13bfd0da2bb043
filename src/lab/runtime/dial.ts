import { connect, type Socket } from "node:net";

/** A pod that does not answer at all (frozen, cut off) is given up after this long. */
const dialWithinMs = 10_000;

/**
 * Connects from the lab's own network to a pod. A kubelet goes to 127.0.0.1 inside the pod's network namespace; here it
 * is the pod's address, so a program that listens only on loopback is not reached. Rejects as Go words it:
 * `dial tcp 10.77.0.10:6379: connect: connection refused`.
 */
export function dialPod(ip: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ip, port, allowHalfOpen: true });
    const refuse = (problem: string): void => {
      socket.destroy();
      reject(new Error(`dial tcp ${ip}:${port}: ${problem}`));
    };
    socket.setTimeout(dialWithinMs, () => refuse("i/o timeout"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      refuse(`connect: ${words[error.code ?? ""] ?? error.message}`),
    );
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners();
      resolve(socket);
    });
  });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
};
