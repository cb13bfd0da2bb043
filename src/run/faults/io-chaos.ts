import { messageOf } from "../../errors.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import type { StoredFault } from "../../store/faults.ts";
import { until } from "../wait.ts";
import type { ChangedTarget } from "./changed-target.ts";
import { changedNow, createAndAwait, deleteAndAwait, lookAtObject } from "./chaos-object.ts";
import type { Effect, FaultKind, FaultTools, HealingProof, Intent } from "./fault-kind.ts";
import {
  feelFile,
  leftLayers,
  matchedFiles,
  runIn,
  targetVolumes,
  timeVolume,
  type TargetVolume,
} from "./io-volume.ts";

/** The volume is as it was when its quickest try takes at most so many times as long as before, or so much longer. */
const backFactor = 3;
const backToleranceMs = 25;
/** A container may be starting again, and a server catching up, so a volume is tried this long. */
const proveDeadlineMs = 30_000;
/** A delay that was asked for shows at least by this much. */
const feltShare = 0.8;
/** With so many tries a fault of 10 % is missed once in 70; with 25 % once in 100,000. */
const feelTries = 40;
/** The methods that looking at the effect uses. */
const feltMethods: ReadonlySet<string> = new Set(["open", "read", "fsync"]);

/** File operations of one container delayed or failed, on one of its volumes. */
export const ioChaos: FaultKind = {
  kind: "IOChaos",
  injectedBy: "daemon",
  isOneShot: () => false,
  prepare: lookBefore,
  inject: (intent, tools) => createAndAwait(intent, tools, containerRecordIds(intent)),
  look: async (intent, tools) => {
    const changed = await changedNow(intent, tools);
    if (changed !== null) return { what: `${restartOf(changed)}, and the fault ended with it`, run: "noted" };
    return lookAtObject(intent, tools, containerRecordIds(intent));
  },
  effect: feltEffect,
  remove: deleteAndAwait,
  prove: async (fault, tools) =>
    (await Promise.all(targetVolumes(fault).map((volume) => proveVolume(fault, volume, tools)))).flat(),
};

/**
 * Stores how quick the volume is before the fault, and a file that the fault will hit. What cannot be looked at is left
 * out: then nothing is said of the effect, and the volume's speed afterwards is not compared.
 */
async function lookBefore(intent: Intent, { cluster, signal }: FaultTools): Promise<Intent> {
  const subject = await Promise.all(
    intent.targets.subject.map(async (target) => {
      const [volume] = targetVolumes({ ...intent, targets: { subject: [target], target: [] } });
      if (volume === undefined) return target;
      const volumeMs = await timeVolume(cluster, volume, signal).catch(() => undefined);
      const files = await matchedFiles(cluster, volume, intent.manifest.spec?.["path"], signal).catch(() => null);
      const file = files?.matched[0];
      return { ...target, ...(volumeMs === undefined ? {} : { volumeMs }), ...(file === undefined ? {} : { file }) };
    }),
  );
  return { ...intent, targets: { ...intent.targets, subject } };
}

/** Record ids of IOChaos: `namespace/pod/container` (anchors/chaos-platforms.md 3.1). */
export function containerRecordIds(intent: Intent): string[] {
  return targetVolumes(intent).map(({ namespace, pod, container }) => `${namespace}/${pod}/${container}`);
}

/**
 * Feels the fault on a file that its glob names, from inside the container, by operations that change nothing. Null
 * where that cannot be done: a fault of other methods only, or a container that no command can be run in any more.
 */
async function feltEffect(intent: Intent, { cluster, signal }: FaultTools): Promise<Effect | null> {
  const { spec = {} } = intent.manifest;
  const [volume] = targetVolumes(intent);
  const methods = Array.isArray(spec["methods"]) ? spec["methods"].map((name) => String(name).toLowerCase()) : [];
  // A share of nothing is asked for to see what the injector itself costs.
  if (Number(spec["percent"] ?? 100) === 0) return null;
  if (volume === undefined || (methods.length > 0 && !methods.some((name) => feltMethods.has(name)))) return null;
  const file = intent.targets.subject[0]?.file;
  if (file === undefined) return null;
  const tries = Number(spec["percent"] ?? 100) >= 100 ? 1 : feelTries;
  const felt = await feelFile(cluster, volume, file, tries, signal).catch(() => null);
  if (felt === null) return null;
  const delayMs = spec["action"] === "latency" ? parseDurationMs(String(spec["delay"])) : null;
  const effective = delayMs === null ? felt.failed > 0 : felt.longestMs >= feltShare * delayMs;
  const shown = delayMs === null ? `${felt.failed} of ${tries} failed` : `up to ${felt.longestMs.toFixed(1)} ms`;
  const reason = `${file} in ${volume.pod} was read and synced as if there were no fault: ${shown}`;
  return { effective, detail: { file, felt: shown, ...(effective ? {} : { reason }) } };
}

/** No layer of the injector is left in the container's mounts, and the volume is as quick as it was before. */
export async function proveVolume(
  fault: StoredFault,
  volume: TargetVolume,
  { cluster, signal }: FaultTools,
  deadlineMs = proveDeadlineMs,
): Promise<HealingProof[]> {
  const { namespace, pod, container, path } = volume;
  const restart = `Restarting the pod clears it: kubectl delete pod ${pod} -n ${namespace}`;
  const layers = await untilOk(signal, deadlineMs, async () => {
    const { exitCode, stdout } = await runIn(cluster, volume, "cat /proc/self/mounts", [], signal);
    const left = leftLayers(stdout);
    if (exitCode !== 0) return { ok: false, detail: "its mounts cannot be read" };
    return { ok: left.length === 0, detail: left.length === 0 ? "none" : `${left.join(", ")}. ${restart}` };
  });
  const beforeMs = fault.targets.subject.find((target) => target.pod === pod)?.volumeMs;
  const boundMs = beforeMs === undefined ? null : Math.max(backFactor * beforeMs, beforeMs + backToleranceMs);
  const speed = await untilOk(signal, deadlineMs, async () => {
    const nowMs = await timeVolume(cluster, volume, signal);
    if (boundMs === null) return { ok: true, detail: `${nowMs.toFixed(1)} ms; before the fault it was not measured` };
    const detail = `${nowMs.toFixed(1)} ms, before the fault ${beforeMs?.toFixed(1)} ms (at most ${boundMs.toFixed(1)} ms)`;
    return nowMs <= boundMs ? { ok: true, detail } : { ok: false, detail: `${detail}. ${restart}` };
  });
  return [
    { type: "healing-proof", what: `no fault layer is left in container ${container} of ${pod}`, ...layers },
    { type: "healing-proof", what: `write, fsync and read in ${path} of ${pod} take what they took before`, ...speed },
  ];
}

/** Tries until it holds or the deadline; what cannot be tried does not hold. */
async function untilOk(
  signal: AbortSignal,
  deadlineMs: number,
  look: () => Promise<{ ok: boolean; detail: string }>,
): Promise<{ ok: boolean; detail: string }> {
  let last = { ok: false, detail: "not looked at" };
  await until(
    async () => {
      last = await look().catch((error: unknown) => ({ ok: false, detail: messageOf(error) }));
      return last.ok ? true : undefined;
    },
    { deadlineMs, everyMs: 500, signal },
  );
  return last;
}

/** Neither another pod nor a container that was started anew has the layer that injects the fault. */
function restartOf({ pod, what, container }: ChangedTarget): string {
  if (what === "container") return `container ${container ?? ""} of ${pod} restarted`;
  return what === "pod" ? `pod ${pod} restarted` : `pod ${pod} has another address`;
}
