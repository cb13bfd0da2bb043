import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isAftershockError, messageOf } from "../../errors.ts";
import type { PodAddress } from "../../probes/system.ts";
import { openForward, PodRefused, type ForwardTools, type PodPort } from "./forward.ts";
import type { WayHealth } from "./health.ts";
import { createLink } from "./link.ts";
import { joinSignals } from "../../join-signals.ts";

export interface TunnelTools extends ForwardTools {
  health: WayHealth;
  log: (message: string, detail: Record<string, unknown>) => void;
  /** Ends every listener and connection. */
  signal: AbortSignal;
}

/** A forward that does not stand after this long does not stand. */
const openWithinMs = 5000;
/** How often a way that is down is tried. */
const tryEveryMs = 1000;

/**
 * Local ends of ways to ports of pods: one listener on loopback for each pod and port, and one port-forward for each
 * connection to it. A client learns of a failure as it would of a pod's: its connection is reset.
 */
export function openTunnel(tools: TunnelTools): (pod: PodAddress, port: number) => Promise<AddressInfo> {
  const { signal } = tools;
  const listeners = new Map<string, Promise<Server>>();
  let allowed: Promise<void> | undefined;
  return async ({ namespace, name, uid }, port) => {
    signal.throwIfAborted();
    const pod = { namespace, name, uid, port };
    // One try for all: what is missing of rights is better said than met as a reset by every client.
    allowed ??= tryOnce(tools, pod);
    allowed.catch(() => (allowed = undefined));
    await allowed;
    const key = `${uid}:${port}`;
    const listening = listeners.get(key) ?? listen(pod, tools);
    listeners.set(key, listening);
    return (await listening).address() as AddressInfo;
  };
}

async function listen(pod: PodPort, tools: TunnelTools): Promise<Server> {
  const { signal } = tools;
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (local) => {
    // What ends a connection is told by its close.
    local.on("error", () => undefined);
    void serve(local, pod, tools);
  });
  server.unref();
  server.listen(0, "127.0.0.1");
  await once(server, "listening", { signal });
  signal.addEventListener("abort", () => server.close(), { once: true });
  return server;
}

async function serve(local: Socket, pod: PodPort, tools: TunnelTools): Promise<void> {
  const { health, log, signal } = tools;
  const link = createLink(local, () => health.proof(keyOf(pod)));
  const where = { pod: keyOf(pod), port: pod.port };
  const triedMs = performance.now();
  try {
    const socket = await withinOpening(signal, (both) =>
      openForward(tools, pod, { signal: both, onMessage: link.receive }),
    );
    health.proof(keyOf(pod));
    const end = await link.join(socket);
    if (end.how === "ended" && !signal.aborted) {
      local.destroySoon();
      return;
    }
    if (end.how === "refused") log("a port-forward was refused by the pod's node", { ...where, said: end.said });
    if (end.how === "broken" && !signal.aborted) whenBroken(pod, triedMs, end.why, tools);
  } catch (error) {
    if (error instanceof PodRefused) {
      health.proof(keyOf(pod));
      log("a port-forward was refused", { ...where, why: error.message });
    } else if (!signal.aborted) {
      whenBroken(pod, triedMs, messageOf(error), tools);
    }
  }
  // Reset, so that no client takes it for an answer that ended well.
  local.resetAndDestroy();
}

/** Says so once, and looks on its own when the way stands again: clients may have given up by then. */
function whenBroken(pod: PodPort, triedMs: number, why: string, tools: TunnelTools): void {
  const { health, signal } = tools;
  if (!health.broken(keyOf(pod), triedMs, why)) return;
  void (async () => {
    while (health.isDown(keyOf(pod)) && !signal.aborted) {
      await sleep(tryEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
      await tryOnce(tools, pod).catch(() => undefined);
    }
  })();
}

/** Rejects with AftershockError when the account may not; whatever else it meets goes to the health of the way. */
async function tryOnce(tools: TunnelTools, pod: PodPort): Promise<void> {
  const { health, signal } = tools;
  const triedMs = performance.now();
  try {
    const socket = await withinOpening(signal, (both) =>
      openForward(tools, pod, { signal: both, onMessage: () => undefined }),
    );
    socket.terminate();
    health.proof(keyOf(pod));
  } catch (error) {
    signal.throwIfAborted();
    if (isAftershockError(error)) throw error;
    if (error instanceof PodRefused) health.proof(keyOf(pod));
    else whenBroken(pod, triedMs, messageOf(error), tools);
  }
}

/** The deadline of an opening must not end what has opened. */
async function withinOpening<T>(signal: AbortSignal, work: (both: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("no answer from the API server in time")), openWithinMs);
  try {
    return await work(joinSignals(signal, late.signal));
  } finally {
    clearTimeout(timer);
  }
}

const keyOf = ({ namespace, name }: PodPort): string => `${namespace}/${name}`;
