import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { LabObject } from "../objects.ts";
import { firstChild } from "../runtime/container.ts";
import type { ContainerStorage, PodFaults } from "../runtime/kubelet.ts";
import type { IoFault } from "./io-fault.ts";

/** How often new files and new processes are looked for. */
const lookEveryMs = 250;
/** Chaos Mesh's injector has as long to start. */
const startDeadlineMs = 2000;

/** Tampers with the file operations of one container at a time; what it does ends when it is stopped, or dies. */
export interface IoPlane {
  /** Rejects when the container is not running, has no such volume, or is being tampered with already. */
  inject(pod: LabObject, container: string, source: string, fault: IoFault): Promise<void>;
  recover(pod: LabObject, source: string): Promise<void>;
}

interface Injection {
  source: string;
  stop(): Promise<void>;
}

/**
 * By strace's tampering (strace(1), "Tampering"): it attaches to the container's processes and delays or fails their
 * calls on the files that match. Detaching leaves no trace, and the kernel detaches when strace dies. Unlike a file
 * system in between, it does not see what `kubectl exec` runs beside the container's own processes. When the container
 * ends the injection has ended too and does not come back, while the object goes on saying `Injected`: so it is with
 * Chaos Mesh (anchors/chaos-platforms.md 0.4).
 */
export function createIoPlane(faults: PodFaults): IoPlane {
  const injections = new Map<string, Injection>();
  return {
    inject: async (pod, container, source, fault) => {
      const known = injections.get(pod.metadata.uid);
      if (known?.source === source) return;
      if (known !== undefined) throw new Error(`the lab does one IOChaos to a pod at a time; ${known.source} is there`);
      const storage = faults.storage(pod, container);
      if (storage === undefined) throw new Error(`container ${container} is not running`);
      if (!storage.volumes.some(({ mountPath }) => mountPath === fault.volumePath)) {
        throw new Error(`${fault.volumePath} is not a mount point of container ${container}`);
      }
      injections.set(pod.metadata.uid, { source, stop: await startInjection(storage, fault) });
    },
    recover: async (pod, source) => {
      const known = injections.get(pod.metadata.uid);
      if (known?.source !== source) return;
      await known.stop();
      injections.delete(pod.metadata.uid);
    },
  };
}

async function startInjection(storage: ContainerStorage, fault: IoFault): Promise<() => Promise<void>> {
  const root = storage.processes()[0]?.pid;
  let tracer: ChildProcess | undefined;
  let files = "";
  const attach = async (): Promise<void> => {
    const paths = matchingPaths(storage, fault);
    files = paths.join("\n");
    if (paths.length > 0 && fault.systemCalls.length > 0) tracer = await attachTracer(storage, fault, paths);
  };
  await attach();
  let stopped = false;
  let working: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const processes = storage.processes();
    if (stopped || processes[0]?.pid !== root) return;
    const complete = tracer === undefined || processes.every(({ traced }) => traced);
    if (complete && matchingPaths(storage, fault).join("\n") === files) return;
    await detachTracer(tracer);
    tracer = undefined;
    if (!stopped) await attach();
  };
  // A failed look, e.g. for a process that has just ended, is made good by the next.
  const timer = setInterval(() => (working = working.then(look).catch(() => undefined)), lookEveryMs);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await working;
    await detachTracer(tracer);
  };
}

async function attachTracer(
  storage: ContainerStorage,
  fault: IoFault,
  paths: readonly string[],
): Promise<ChildProcess> {
  const calls = fault.systemCalls.map((name) => `?${name}`).join(",");
  const pids = storage.processes().map(({ pid }) => pid);
  const [program = "", ...args] = storage.enter([
    "strace",
    "-f",
    "-o",
    "/dev/null",
    "-e",
    `trace=${calls}`,
    "-e",
    `inject=${calls}:${fault.tampering}`,
    ...paths.flatMap((path) => ["-P", path]),
    ...pids.flatMap((pid) => ["-p", String(pid)]),
  ]);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let told = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new Error(`strace could not attach: ${told.trim().split("\n").at(-1) ?? ""}`));
    const deadline = setTimeout(() => {
      void detachTracer(child);
      fail();
    }, startDeadlineMs);
    child.once("error", reject);
    child.once("exit", fail);
    child.stderr.on("data", (chunk: Buffer) => {
      if (told.length < 65_536) told += chunk.toString("utf8");
      if (pids.some((pid) => !new RegExp(`Process ${pid} (attached|with)`).test(told))) return;
      clearTimeout(deadline);
      resolve();
    });
  });
  return child;
}

async function detachTracer(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  const pid = firstChild(child.pid);
  if (pid !== undefined) process.kill(pid, "SIGTERM");
  else child.kill("SIGTERM");
  await gone;
}

/** Files of the volume that match, as the container names them: absolute, and as seen from its working directories. */
function matchingPaths(storage: ContainerStorage, fault: IoFault): string[] {
  const volume = storage.volumes.find(({ mountPath }) => mountPath === fault.volumePath);
  if (volume === undefined) return [];
  const absolute = readdirSync(volume.source, { recursive: true, encoding: "utf8" })
    .map((name) => join(fault.volumePath, name))
    .filter(fault.matches)
    .toSorted();
  const folders = [...new Set(storage.processes().map(({ directory }) => directory))].filter(
    (folder) => folder === fault.volumePath || folder.startsWith(`${fault.volumePath}/`),
  );
  const relative = folders.flatMap((folder) =>
    absolute.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
  );
  return [...absolute, ...relative];
}
