import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../../src/cluster/port.ts";
import type { Intent } from "../../src/run/faults/fault-kind.ts";
import { scratchPodManifest } from "../../src/run/faults/scratch-pod.ts";
import { planBlocks } from "../../src/slack/views/plan.ts";
import { plan } from "../support/database.ts";

const intent: Intent = {
  faultId: "restore",
  cluster: "lab",
  kind: "ScratchPostgres",
  namespace: "database",
  name: "run-3-restore",
  manifest: {
    apiVersion: "v1",
    kind: "ScratchPostgres",
    metadata: { name: "run-3-restore", namespace: "database", labels: { "aftershock.dev/run": "run-3" } },
    spec: { image: "same", sizeLimit: "2Gi", duration: "1m40s" },
  },
  targets: { subject: [{ pod: "postgresql-0", uid: "1", host: "10.0.0.1" }], target: [] },
};
const source: KubernetesObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "postgresql-0",
    labels: { app: "postgresql", role: "master", "statefulset.kubernetes.io/pod-name": "postgresql-0" },
  },
  spec: {
    serviceAccountName: "patroni",
    securityContext: { runAsUser: 999 },
    containers: [{ image: "registry/postgres:16", securityContext: { readOnlyRootFilesystem: false } }],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data-postgresql-0" } }],
  },
};

describe("the pod to restore into", () => {
  const pod = scratchPodManifest(intent, source);
  it("has no volume, no address of a service, no account, and none of the source's labels", () => {
    expect(pod.spec?.["volumes"]).toEqual([{ name: "scratch", emptyDir: { sizeLimit: "2Gi" } }]);
    expect(pod.metadata.labels).toEqual({ "aftershock.dev/run": "run-3", "aftershock.dev/purpose": "restore" });
    expect(pod.spec).toMatchObject({ automountServiceAccountToken: false, restartPolicy: "Never" });
    expect(JSON.stringify(pod)).not.toContain("patroni");
    expect(JSON.stringify(pod.spec?.["containers"])).toContain("listen_addresses= ");
  });
  it("ends by itself, runs as the source may, with its image or the one that was asked for", () => {
    expect(pod.spec?.["activeDeadlineSeconds"]).toBe(100);
    expect(pod.spec).toMatchObject({
      securityContext: { runAsUser: 999 },
      containers: [{ image: "registry/postgres:16" }],
    });
    const other = { ...intent, manifest: { ...intent.manifest, spec: { ...intent.manifest.spec, image: "mine:1" } } };
    expect(scratchPodManifest(other, source).spec).toMatchObject({ containers: [{ image: "mine:1" }] });
  });
});

it("is shown to the approver as what it is, and a fault as a fault", () => {
  const [fault] = plan.faults;
  if (fault === undefined) throw new Error("the plan has no fault");
  const scratch = { ...fault, kind: "ScratchPostgres", title: "An instance", subject: ["postgresql-0"], target: [] };
  const text = JSON.stringify(planBlocks({ ...plan, faults: [scratch] }, "d"));
  expect(text).toContain("none is injected");
  expect(text).toContain("An instance: a pod of its own, made like postgresql-0");
  expect(JSON.stringify(planBlocks(plan, "d"))).not.toContain("none is injected");
});
