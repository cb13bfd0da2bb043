import { runLabel } from "../../cluster/kinds.ts";
import type { KubernetesObject } from "../../cluster/port.ts";
import { parseDurationMs } from "../../experiment/duration.ts";
import { scratch, scratchServerScript } from "../../probes/backup/scratch.ts";
import type { Intent } from "./fault-kind.ts";

/** The parts of a pod that the run's own takes over, so that it may run wherever that one may. */
interface PodSpec {
  containers?: Array<{ image?: string; securityContext?: unknown }>;
  securityContext?: unknown;
  imagePullSecrets?: unknown;
  tolerations?: unknown;
}

/** The image parameter's word for "the PostgreSQL pod's own". */
const sameImage = "same";

/**
 * The pod of a throw-away PostgreSQL: no persistent volume, no service account, none of the labels that services select
 * by, low claims on its node, and the cluster itself ends it (`activeDeadlineSeconds`) if nobody of ours is left to.
 * `source`: the PostgreSQL pod whose image and rights it gets. Pure.
 */
export function scratchPodManifest(intent: Intent, source: KubernetesObject): KubernetesObject {
  const asked = intent.manifest.spec ?? {};
  const spec = (source.spec ?? {}) as PodSpec;
  const [container = {}] = spec.containers ?? [];
  const image = String(asked["image"] ?? sameImage);
  const copied = Object.fromEntries(
    (["securityContext", "imagePullSecrets", "tolerations"] as const).flatMap((field) =>
      spec[field] === undefined ? [] : [[field, spec[field]]],
    ),
  );
  const { labels, name, namespace } = intent.manifest.metadata;
  const host = source.metadata.labels?.["statefulset.kubernetes.io/pod-name"];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [scratch.purposeLabel]: scratch.purpose },
    },
    spec: {
      ...copied,
      restartPolicy: "Never",
      activeDeadlineSeconds: Math.ceil(parseDurationMs(String(asked["duration"])) / 1000),
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(host === undefined ? {} : { affinity: awayFrom(host) }),
      containers: [
        {
          name: scratch.container,
          image: image === sameImage ? (container.image ?? "postgres") : image,
          command: ["sh", "-c", scratchServerScript],
          ...(container.securityContext === undefined ? {} : { securityContext: container.securityContext }),
          resources: { requests: { cpu: "100m", memory: "256Mi" } },
          readinessProbe: { exec: { command: ["test", "-S", scratch.socketFile] }, periodSeconds: 1 },
          volumeMounts: [{ name: "scratch", mountPath: scratch.path }],
        },
      ],
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: String(asked["sizeLimit"] ?? "10Gi") } }],
    },
  };
}

/** On another node than the pod that is backed up, if there is one. */
function awayFrom(podName: string): Record<string, unknown> {
  const podAffinityTerm = {
    labelSelector: { matchLabels: { "statefulset.kubernetes.io/pod-name": podName } },
    topologyKey: "kubernetes.io/hostname",
  };
  return {
    podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] },
  };
}

export const ownerOf = (object: Pick<KubernetesObject, "metadata">): string => object.metadata.labels?.[runLabel] ?? "";
