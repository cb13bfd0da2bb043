import { AuthenticationV1Api, AuthorizationV1Api, VersionApi, type KubeConfig } from "@kubernetes/client-node";
import { apiProblem, type ApiProblem } from "./api-errors.ts";
import { createCalls, type Deadlines } from "./calls.ts";
import { defaultChaosMeshNamespace, readChaosMesh, servesKind } from "./chaos-mesh.ts";
import { connect } from "./connection.ts";
import { loadKubeConfig, type ClusterOptions } from "./kubernetes.ts";
import { readPlacement } from "./placement.ts";
import type { ChaosMesh } from "./port.ts";
import { isAftershockError } from "../errors.ts";
import type { NodeView, PodPlacement } from "../probes/placement.ts";

/** What an account may be asked about itself (authorization.k8s.io/v1, ResourceAttributes). */
export interface AccessQuestion {
  verb: string;
  apiGroup: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

/** A look at a cluster that changes nothing, with one account. Calls reject with AftershockError. */
export interface Survey {
  /** `v1.32.1`, and the clock that its answer's Date header tells, which counts whole seconds. */
  version(): Promise<{ version: string; clock: { theirsMs: number | null; askedAtMs: number; answeredAtMs: number } }>;
  /** The account's name (SelfSubjectReview, Kubernetes 1.28 and newer); null where the server does not say. */
  whoAmI(): Promise<string | null>;
  /** SelfSubjectAccessReview, which every account may ask. */
  mayI(question: AccessQuestion): Promise<boolean>;
  servesKind(kind: string): Promise<boolean>;
  chaosMesh(): Promise<ChaosMesh>;
  /** In one namespace, or (undefined) in all. */
  pods(namespace: string | undefined): Promise<PodPlacement[]>;
  node(name: string): Promise<NodeView | null>;
  close(): Promise<void>;
}

/** One try each, so that a server that hangs costs one deadline; starting a system of the lab takes the longest. */
const deadlines: Deadlines = { call: { totalMs: 5000, tryMs: 5000 }, list: { totalMs: 20_000, tryMs: 20_000 } };

/** Opens it. Throws what is wrong with the kubeconfig. */
export function openSurvey(options: Omit<ClusterOptions, "scope" | "deadlines">): Survey {
  const config: KubeConfig = loadKubeConfig(options);
  if (config.getCurrentCluster() === null) throw new Error(`it has no context "${config.getCurrentContext()}"`);
  const connection = connect(config);
  const calls = createCalls(options.name, connection, deadlines);
  const placement = readPlacement(calls);
  return {
    version: async () => {
      const askedAtMs = Date.now();
      const { data, headers } = await calls.ask(VersionApi, "reading its version", (api) => api.getCodeWithHttpInfo());
      const theirsMs = Date.parse(headers["date"] ?? "");
      const clock = { theirsMs: Number.isNaN(theirsMs) ? null : theirsMs, askedAtMs, answeredAtMs: Date.now() };
      return { version: data.gitVersion, clock };
    },
    whoAmI: async () => {
      const body = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
      const review = await calls.find(AuthenticationV1Api, "asking who this is", (api) =>
        api.createSelfSubjectReview({ body }),
      );
      return review?.status?.userInfo?.username ?? null;
    },
    mayI: async ({ apiGroup: group, ...asked }) => {
      const body = {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { group, ...asked } },
      };
      const review = await calls.ask(AuthorizationV1Api, "asking what this account may do", (api) =>
        api.createSelfSubjectAccessReview({ body }),
      );
      return review.status?.allowed === true;
    },
    servesKind: (kind) => servesKind(calls, kind),
    chaosMesh: () => readChaosMesh(calls, options.chaosMeshNamespace ?? defaultChaosMeshNamespace),
    pods: (namespace) => placement.pods(namespace),
    node: (name) => placement.node(name),
    close: () => connection.close(),
  };
}

/** Whether a call was refused because the account may not (HTTP 403), as opposed to any other trouble. */
export function isForbidden(error: unknown): boolean {
  const cause: unknown = isAftershockError(error) ? error.cause : error;
  const problem: ApiProblem = apiProblem(cause);
  return problem.status === 403;
}
