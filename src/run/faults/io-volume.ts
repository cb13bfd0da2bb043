import type { Cluster } from "../../cluster/port.ts";
import type { Intent } from "./fault-kind.ts";
import { fileMatcher } from "./io-files.ts";

const execTimeoutMs = 20_000;
/** Of this many tries the quickest counts, so that a busy machine is not taken for a slow volume. */
const tries = 5;
/** File that the proof writes and removes again. */
const probeFile = ".aftershock-probe";

/** The volume that an IOChaos is about, in one pod. */
export interface TargetVolume {
  namespace: string;
  pod: string;
  container: string;
  path: string;
}

export interface Ran {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** One entry per targeted container. */
export function targetVolumes({ manifest, namespace, targets }: Pick<Intent, "manifest" | "namespace" | "targets">) {
  const { spec = {} } = manifest;
  const containers = Array.isArray(spec["containerNames"]) ? spec["containerNames"].map(String) : [];
  const path = String(spec["volumePath"] ?? "").replace(/(?<=.)\/+$/, "");
  return targets.subject.flatMap(({ pod }) =>
    containers.map((container): TargetVolume => ({ namespace, pod, container, path })),
  );
}

export function runIn(
  cluster: Cluster,
  { namespace, pod, container }: TargetVolume,
  script: string,
  values: readonly string[],
  signal: AbortSignal,
  timeoutMs = execTimeoutMs,
): Promise<Ran> {
  return cluster.exec({ namespace, pod, container }, ["sh", "-c", script, "sh", ...values], { timeoutMs, signal });
}

/** Writes 4 KiB, syncs them, reads them and removes the file; a line of nanoseconds a try, taken in the container. */
const touchScript = `
f="$1/${probeFile}"; n=$2
while [ "$n" -gt 0 ]; do
  a=$(date +%s%N)
  dd if=/dev/zero of="$f" bs=4096 count=1 conv=fsync 2>/dev/null && cat "$f" >/dev/null && rm -f "$f" || { rm -f "$f"; exit 1; }
  b=$(date +%s%N)
  echo $((b - a)); n=$((n - 1))
done`;

/** How long a write, its fsync and a read take in the volume, in milliseconds: the quickest of five. Rejects with why not. */
export async function timeVolume(cluster: Cluster, volume: TargetVolume, signal: AbortSignal): Promise<number> {
  const ran = await runIn(cluster, volume, touchScript, [volume.path, String(tries)], signal);
  const times = ran.stdout.split("\n").filter(Boolean).map(Number);
  if (ran.exitCode !== 0) throw new Error(`write, fsync and read in ${volume.path} failed ${ran.stderr.trim()}`.trim());
  if (times.length !== tries || times.some(Number.isNaN)) throw new Error("the container's clock tells no nanoseconds");
  return Math.min(...times) / 1e6;
}

/** What is left of an injector's layer in a container's mounts (/proc/self/mounts); empty: nothing. */
export function leftLayers(mounts: string): string[] {
  return mounts
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([source = "", target = ""]) => source === "toda" || /__chaosfs__.*__/.test(target))
    .map(([source = "", target = ""]) => `${source} on ${target}`);
}

export function isMountPoint(mounts: string, path: string): boolean {
  return mounts.split("\n").some((line) => line.split(" ")[1] === path);
}

const listScript = `find "$1" -xdev -type f 2>/dev/null | head -n 100000`;

/** Files of the volume, and those of them that the fault's glob names. */
export async function matchedFiles(
  cluster: Cluster,
  volume: TargetVolume,
  glob: unknown,
  signal: AbortSignal,
): Promise<{ all: number; matched: string[] }> {
  const files = (await runIn(cluster, volume, listScript, [volume.path], signal)).stdout.split("\n").filter(Boolean);
  return { all: files.length, matched: files.filter(fileMatcher(glob)) };
}

/** Opens, reads a byte of, and syncs an existing file, changing nothing: `nanoseconds outcome`, a line a try. */
const feelScript = `
f="$1"; n=$2
while [ "$n" -gt 0 ]; do
  a=$(date +%s%N); outcome=ok
  said=$( { head -c 1 "$f" >/dev/null && sync "$f"; } 2>&1 ) || outcome=failed
  case "$said" in *"No such file"*) outcome=gone ;; esac
  b=$(date +%s%N)
  echo "$((b - a)) $outcome"; n=$((n - 1))
done`;

/** What such tries felt; null for a file that has gone meanwhile, and a clock that tells no nanoseconds. */
export async function feelFile(
  cluster: Cluster,
  volume: TargetVolume,
  file: string,
  count: number,
  signal: AbortSignal,
): Promise<{ longestMs: number; failed: number } | null> {
  // Under a long delay many tries take their time.
  const ran = await runIn(cluster, volume, feelScript, [file, String(count)], signal, 3 * execTimeoutMs);
  const lines = ran.stdout.split("\n").filter(Boolean);
  const times = lines.map((line) => Number(line.split(" ")[0]));
  if (times.length === 0 || times.some(Number.isNaN) || lines.some((line) => line.endsWith(" gone"))) return null;
  return { longestMs: Math.max(...times) / 1e6, failed: lines.filter((line) => line.endsWith(" failed")).length };
}
