import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LabObject, NewObject, ObjectStore } from "../../../../src/lab/objects.ts";
import { startApiServer } from "../../../../src/lab/api/server.ts";
import type { ApiServer, ApiServerOptions } from "../../../../src/lab/api/server.ts";
import { createStore } from "../../../../src/lab/store/store.ts";
import { createHostRuntime } from "./host-runtime.ts";
import type { HostRuntime } from "./host-runtime.ts";

export interface TestLab {
  store: ObjectStore;
  runtime: HostRuntime;
  server: ApiServer;
  directory: string;
  close(): Promise<void>;
}

/** An API server with a store of its own and the runtime's test double; `cache` is a namespace in it. */
export async function startTestLab({
  logSize,
  ...options
}: { logSize?: number } & Partial<Pick<ApiServerOptions, "podHost" | "beforeNamespace">> = {}): Promise<TestLab> {
  const directory = await mkdtemp(join(tmpdir(), "aftershock-api-"));
  const store = createStore(logSize === undefined ? {} : { logSize });
  const runtime = createHostRuntime();
  const server = await startApiServer({
    store,
    runtime,
    port: 0,
    host: "127.0.0.1",
    stateDirectory: directory,
    ...options,
  });
  store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "cache" }, status: { phase: "Active" } });
  return {
    store,
    runtime,
    server,
    directory,
    async close() {
      runtime.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A running pod as the lab's controllers would store it. */
export function redisPod(name: string, ip: string, labels: Record<string, string>): NewObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "cache", labels },
    spec: {
      nodeName: "node-1",
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 30,
      containers: [{ name: "redis", image: "redis:7.0", resources: {} }],
    },
    status: {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      hostIP: "10.0.0.1",
      startTime: new Date().toISOString(),
      conditions: [
        { type: "Ready", status: "True", lastProbeTime: null, lastTransitionTime: new Date().toISOString() },
      ],
      containerStatuses: [
        {
          name: "redis",
          image: "redis:7.0",
          imageID: "",
          containerID: `lab://${name}`,
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: new Date().toISOString() } },
          lastState: {},
        },
      ],
    },
  };
}

export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface KubectlOptions {
  stdin?: string | Buffer;
}

/** Runs the real kubectl (`KUBECTL`, else from PATH) against a lab. */
export function kubectl(lab: TestLab, args: string[], options: KubectlOptions = {}): Promise<KubectlResult> {
  const child = startKubectl(lab, args);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(stdout).toString("utf8"),
        stderr: Buffer.concat(stderr).toString("utf8"),
      }),
    );
  });
}

export function startKubectl(lab: TestLab, args: string[]): ChildProcess {
  const cache = join(lab.directory, "kubectl-cache");
  const flags = ["--kubeconfig", lab.server.kubeconfigPath, "--cache-dir", cache];
  const env = { ...process.env, HOME: lab.directory };
  return spawn(process.env["KUBECTL"] ?? "kubectl", [...flags, ...args], { env });
}

/** Writes a manifest for `kubectl -f` and returns its path. */
export async function manifest(lab: TestLab, name: string, text: string): Promise<string> {
  const path = join(lab.directory, name);
  await writeFile(path, text);
  return path;
}

/** Waits until the store's state satisfies a condition; fails after ten seconds. */
export function eventually<T>(store: ObjectStore, probe: () => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = store.watch("*", () => check());
    const timer = setTimeout(() => {
      stop();
      reject(new Error("the store did not get there within 10 s"));
    }, 10_000);
    function check(): void {
      const found = probe();
      if (found === undefined) return;
      stop();
      clearTimeout(timer);
      resolve(found);
    }
    check();
  });
}

/** Lets gracefully deleted pods go at once, as the lab's runtime does when their processes have ended. */
export function reapPods(store: ObjectStore): () => void {
  return store.watch("Pod", ({ type, object }: { type: string; object: LabObject }) => {
    if (type === "DELETED" || object.metadata.deletionTimestamp === undefined) return;
    store.remove({ kind: "Pod", namespace: object.metadata.namespace!, name: object.metadata.name });
  });
}
