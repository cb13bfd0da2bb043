import { connect } from "node:net";
import type { PodAddress } from "../../probes/system.ts";
import type { WayIn } from "../port.ts";

/** How long an address may take to answer before it counts as one that is not reached from here. */
const dialWithinMs = 1000;
/** How long an answer holds for the next run; networks change. */
const rememberMs = 10 * 60_000;
/** So many other pods are asked when the first does not answer, which may be frozen or gone. */
const mostOthers = 3;

/** What was found out of a cluster, until it is asked again. */
export interface WayMemory {
  known?: { kind: WayIn; untilMs: number };
}

/**
 * Finds out whether pods of a cluster can be dialled at their own addresses from here. Only when none answers are they
 * not. `others`: further pods, asked for when they are needed.
 */
export async function findWay(
  memory: WayMemory,
  pod: PodAddress,
  port: number,
  others: () => Promise<PodAddress[]>,
): Promise<WayIn> {
  if (memory.known !== undefined && performance.now() < memory.known.untilMs) return memory.known.kind;
  const kind = (await anyDialled(pod, port, others)) ? "direct" : "port-forward";
  memory.known = { kind, untilMs: performance.now() + rememberMs };
  return kind;
}

async function anyDialled(pod: PodAddress, port: number, others: () => Promise<PodAddress[]>): Promise<boolean> {
  if (await canDial(pod.host, port)) return true;
  const ready = (await others()).filter(({ uid, ready: isReady }) => isReady && uid !== pod.uid).slice(0, mostOthers);
  const answers = await Promise.all(ready.map(({ host }) => canDial(host, port)));
  return answers.includes(true);
}

/** A refusal comes from the address itself, so it is reached; silence and "no route" say the opposite. */
export function canDial(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (can: boolean): void => {
      socket.destroy();
      resolve(can);
    };
    socket.setTimeout(dialWithinMs, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED"));
  });
}
