import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCluster } from "../../src/cluster/kubernetes.ts";
import type { Cluster } from "../../src/cluster/port.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { plainAccess } from "../../src/probes/access.ts";
import { findPatroniPods, type PatroniPods } from "../../src/probes/patroni/members.ts";
import { createRecorder, type Recorder } from "../../src/probes/recorder.ts";
import type { SystemContext } from "../../src/probes/system.ts";
import { scratchPostgres } from "../../src/run/faults/scratch-postgres.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import { systemContext } from "../../src/run/systems.ts";
import { kubectlOk } from "./kubectl.ts";

export const rigRun = "run-77";

/** A lab with PostgreSQL, its backups, and the pod of one run to restore into; no Slack, no worker. */
export interface BackupRig {
  lab: LaunchedLab;
  cluster: Cluster;
  members: PatroniPods;
  signal: AbortSignal;
  /** The run's pod, as it was made. */
  made: Intent;
  contextWith(parameters: Record<string, string | number>): SystemContext;
  /** A pod to restore into, ready to be made. */
  prepare(name: string, duration: string): Promise<Intent>;
  /** A shell script in a pod, by kubectl. */
  exec(pod: string, namespace: string, script: string): Promise<string>;
  recorder(): Recorder;
  stop(): Promise<void>;
}

export async function startBackupRig(): Promise<BackupRig> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  const { signal } = new AbortController();
  const lab = await launchLab({ directory });
  const cluster = openCluster({ name: "lab", kubeconfig: lab.kubeconfigPath });
  const contextWith: BackupRig["contextWith"] = (parameters) =>
    systemContext({
      cluster,
      access: plainAccess,
      namespace: "database",
      parameters: { user: "postgres", jobs: 2, ...parameters },
      runId: rigRun,
      signal,
      log: () => undefined,
    });
  const prepare = async (name: string, duration: string): Promise<Intent> => {
    const asked = intentOf(name, duration);
    return (await scratchPostgres.prepare?.(asked, { cluster, signal, now: new Date() })) ?? asked;
  };
  const members = await findPatroniPods(contextWith({}));
  // Asked for, so that the lab starts what backs up.
  await cluster.pods("backup");
  const made = await prepare(`${rigRun}-restore`, "5m");
  await scratchPostgres.inject(made, { cluster, signal });
  return {
    lab,
    cluster,
    members,
    signal,
    made,
    contextWith,
    prepare,
    exec: (pod, namespace, script) =>
      kubectlOk(lab.kubeconfigPath, ["exec", pod, "-n", namespace, "--", "sh", "-c", script]),
    recorder: () =>
      createRecorder({
        type: "header",
        schemaVersion: 1,
        run: rigRun,
        experiment: "backup-verification",
        system: "postgres-backup-check",
        zeroAt: new Date().toISOString(),
        clients: [],
        members: [],
      }),
    stop: async () => {
      await cluster.close();
      await lab.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The pod to restore into, as a run's plan would ask for it. */
function intentOf(name: string, duration: string): Intent {
  return {
    faultId: "restore",
    cluster: "lab",
    kind: "ScratchPostgres",
    namespace: "database",
    name,
    manifest: {
      apiVersion: "v1",
      kind: "ScratchPostgres",
      metadata: { name, namespace: "database", labels: { "aftershock.dev/run": rigRun } },
      spec: { image: "same", sizeLimit: "1Gi", duration },
    },
    targets: { subject: [{ pod: "postgresql-0", uid: "", host: "" }], target: [] },
  };
}
