import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";

/** Connects to ports of one pod from inside it, as its kubelet's runtime does. */
export interface PodDialler {
  /** Rejects with the words of containerd 2.x (internal/cri/server/sandbox_portforward_linux.go). */
  dial(port: number): Promise<Socket>;
  /** Ends the helper. Connections that were handed over stay. */
  close(): void;
}

/** A program that takes no more connections is given up after this long. */
const dialWithinMs = 10_000;
/** A helper that nobody needed for so long goes; the next connection starts another. */
const idleMs = 60_000;

/**
 * Runs in the pod's network namespace, and hands each connection to the lab as it is: a socket stays in the namespace in which
 * it was made. So nothing is copied, and whoever reads slowly, ends one side or resets does so to the pod's own program. IPv4
 * before IPv6, one after the other, as containerd tries them. Paused, since what it read would be lost.
 */
const helper = `
const { connect } = require("node:net");
process.on("message", ({ id, port }) => {
  const dial = (host, next) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const fail = (code) => { socket.destroy(); next(code); };
    socket.pause();
    socket.setTimeout(${dialWithinMs}, () => fail("ETIMEDOUT"));
    socket.once("error", (error) => fail(error.code));
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners();
      socket.on("error", () => undefined);
      process.send({ id }, socket);
    });
  };
  dial("127.0.0.1", (v4) => dial("::1", (v6) => process.send({ id, v4, v6 })));
});
process.on("disconnect", () => process.exit());
`;

interface Said {
  id: number;
  v4?: string;
  v6?: string;
}

/** No helper can enter its network namespace, or the helper went with it: which is seen first is chance. */
const gone = { v4: "the pod is gone", v6: "the pod is gone" };

/** A connection that is asked for. */
interface Waiting {
  /** The helper that was asked. */
  asked: ChildProcess;
  answer(said: Said, socket: Socket | undefined): void;
}

/**
 * `sandbox`: a process of the pod. The lab needs root and makes a network namespace for every pod, so that there is no other
 * way to fall back to.
 */
export function openDialler({ pid }: { pid: number }, uid: string): PodDialler {
  const waiting = new Map<number, Waiting>();
  let child: ChildProcess | undefined;
  let idle: NodeJS.Timeout | undefined;
  let count = 0;

  const close = (): void => {
    clearTimeout(idle);
    if (child?.connected === true) child.disconnect();
    child = undefined;
  };
  const rest = (): void => {
    clearTimeout(idle);
    if (waiting.size === 0) idle = setTimeout(close, idleMs).unref();
  };
  const started = (): ChildProcess => {
    if (child?.connected === true) return child;
    const fresh = spawn("nsenter", ["-t", String(pid), "-n", "--", process.execPath, "-e", helper], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      // What the lab itself was started with, such as a loader, is none of its business.
      env: { PATH: process.env["PATH"] ?? "" },
    });
    fresh.on("message", (said: Said, socket) => waiting.get(said.id)?.answer(said, socket as Socket | undefined));
    const lost = (): void => {
      if (child === fresh) child = undefined;
      for (const [id, { asked, answer }] of waiting) {
        // One that was let go may end while the next is starting.
        if (asked === fresh) answer({ id, ...gone }, undefined);
      }
    };
    fresh.once("error", lost);
    fresh.once("exit", lost);
    return (child = fresh);
  };
  return {
    close,
    dial: (port) =>
      new Promise((resolve, reject) => {
        clearTimeout(idle);
        const id = (count += 1);
        const asked = started();
        const answer: Waiting["answer"] = (said, socket) => {
          waiting.delete(id);
          rest();
          if (socket === undefined) return reject(new Error(wordsOf(port, { pid, uid }, said)));
          socket.allowHalfOpen = true;
          resolve(socket);
        };
        waiting.set(id, { asked, answer });
        asked.send({ id, port }, (error) => {
          if (error !== null) waiting.get(id)?.answer({ id, ...gone }, undefined);
        });
      }),
  };
}

function wordsOf(port: number, where: { pid: number; uid: string }, { v4, v6 }: Partial<Said>): string {
  const said = (code = "closed"): string => words[code] ?? code;
  return (
    `failed to execute portforward in network namespace "/proc/${where.pid}/ns/net": ` +
    `failed to connect to localhost:${port} inside namespace "${where.uid}", ` +
    `IPv4: dial tcp4 127.0.0.1:${port}: ${said(v4)} IPv6 dial tcp6 [::1]:${port}: ${said(v6)} `
  );
}

/** As Go's net package says it. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EADDRNOTAVAIL: "connect: cannot assign requested address",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
};
