import type { Ground } from "../ground.ts";

/** Specs that many cases begin with. */

/** Heals while it is there with the value `true`, and keeps the object. */
export const pauseAnnotation = "experiment.chaos-mesh.org/pause";

/** Named one by one, as the bot does it: with `pods` set, nothing else selects. */
export function named(ground: Ground, ...pods: string[]): object {
  return { mode: "all", selector: { pods: { [ground.namespace]: pods } } };
}

/** The first pod cut off from the second. */
export function cut(ground: Ground, change: object = {}): object {
  const [one = "", two = ""] = ground.pods;
  return { action: "partition", direction: "both", ...named(ground, one), target: named(ground, two), ...change };
}

/** The second pod killed, so that the first stays for others. */
export function kill(ground: Ground, change: object = {}): object {
  return { action: "pod-kill", ...named(ground, ground.pods[1] ?? ""), ...change };
}

/** Writes and fsyncs in the third pod's volume. */
export function io(ground: Ground, change: object): object {
  return {
    ...named(ground, ground.pods[2] ?? ""),
    volumePath: ground.volumePath,
    path: `${ground.volumePath}/**/*`,
    containerNames: [ground.container],
    ...change,
  };
}

export function podId(ground: Ground, at: number): string {
  return `${ground.namespace}/${ground.pods[at] ?? ""}`;
}
