import type { Cluster } from "../cluster/port.ts";
import { messageOf } from "../errors.ts";
import type { GuardResult } from "../probes/system.ts";
import { globProblem } from "./faults/io-files.ts";
import { isMountPoint, leftLayers, matchedFiles, runIn, targetVolumes, type TargetVolume } from "./faults/io-volume.ts";
import type { Plan, PlannedFault } from "./plan.ts";

interface Look {
  cluster: Cluster;
  plan: Pick<Plan, "faults" | "namespace">;
}

/** Looks in the container; a container that cannot be looked into does not hold. */
type VolumeGuard = (
  look: Look,
  fault: PlannedFault,
  volume: TargetVolume,
  signal: AbortSignal,
) => Promise<Pick<GuardResult, "ok" | "measured">>;

const mounted: VolumeGuard = async ({ cluster }, _fault, volume, signal) => {
  const { stdout } = await runIn(cluster, volume, "cat /proc/self/mounts", [], signal);
  const left = leftLayers(stdout);
  if (left.length > 0) return { ok: false, measured: `a fault layer is left: ${left.join(", ")}` };
  const ok = isMountPoint(stdout, volume.path);
  return {
    ok,
    measured: `${volume.path} is ${ok ? "a" : "no"} mount of container ${volume.container} in ${volume.pod}`,
  };
};

const files: VolumeGuard = async ({ cluster }, fault, volume, signal) => {
  const glob = String(fault.spec["path"] ?? "");
  const problem = globProblem(glob);
  if (problem !== null) return { ok: false, measured: `${glob} cannot be read (${problem}): every file would be hit` };
  const { all, matched } = await matchedFiles(cluster, volume, glob, signal);
  return {
    ok: matched.length > 0,
    measured: `${glob || "no path"} names ${matched.length} of ${all} files in ${volume.pod}`,
  };
};

const architecture: VolumeGuard = async ({ cluster }, _fault, volume, signal) => {
  const { stdout } = await runIn(cluster, volume, "uname -m", [], signal);
  const machine = stdout.trim() || "unknown";
  return { ok: machine === "x86_64", measured: `${volume.pod} runs on ${machine}` };
};

/** What must hold before an IOChaos; each looks at every container that the plan names. */
export const ioGuards: Readonly<Record<string, (look: Look) => Promise<GuardResult>>> = {
  "io-volume": guard(mounted, {
    bound: "the volume is a mount point, and nothing is left of an earlier fault",
    hint: "volumePath= must be a volumeMount's path, not a folder below it. A layer that is left goes with the pod: kubectl delete pod.",
  }),
  "io-files": guard(files, {
    bound: "a glob that can be read and names at least one file",
    hint: "Choose other files=. A glob that cannot be read hits every file; one that names none does nothing, and the cluster says Injected. PostgreSQL 15 and later keep their statistics in memory (no pg_stat_tmp); no PostgreSQL has *.idx files, its indexes are in base.",
  }),
  "io-architecture": guard(architecture, {
    bound: "x86_64",
    hint: "The injector of Chaos Mesh (toda) is for x86-64 only: move the pod to such a node.",
  }),
};

function guard(of: VolumeGuard, words: Pick<GuardResult, "bound" | "hint">): (look: Look) => Promise<GuardResult> {
  return async (look) => {
    const { signal } = new AbortController();
    const found = await Promise.all(
      look.plan.faults
        .filter(({ kind }) => kind === "IOChaos")
        .flatMap((fault) => volumesOf(fault, look.plan.namespace).map((volume) => ({ fault, volume })))
        .map(async ({ fault, volume }) => {
          try {
            return await of(look, fault, volume, signal);
          } catch (error) {
            return { ok: false, measured: `${volume.pod}: ${messageOf(error)}` };
          }
        }),
    );
    return {
      ok: found.length > 0 && found.every(({ ok }) => ok),
      measured: found.map(({ measured }) => measured).join("; ") || "no container is named",
      ...words,
    };
  };
}

function volumesOf({ spec, subject }: PlannedFault, namespace: string): TargetVolume[] {
  const manifest = { apiVersion: "", kind: "", metadata: { name: "" }, spec: { ...spec } };
  const targets = { subject: subject.map((pod) => ({ pod, uid: "", host: "" })), target: [] };
  return targetVolumes({ manifest, namespace, targets });
}
