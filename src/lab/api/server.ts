import { setMaxListeners } from "node:events";
import { rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { LabObject, ObjectStore, PodRuntime } from "../objects.ts";
import { accountOf, type PodIdentity } from "../runtime/service-account.ts";
import { createAccess } from "./access/access.ts";
import type { AccessLog } from "./access/access-log.ts";
import { attributesOf } from "./access/attributes.ts";
import { createBootstrapRoles } from "./access/bootstrap.ts";
import type { User } from "./access/user.ts";
import { createBuiltinSchemas } from "./builtin-schemas.ts";
import type { ApiContext, UpgradeServer } from "./context.ts";
import { createExecServer, statusOfError } from "./exec.ts";
import { createPortForwardServer } from "./port-forward.ts";
import { renderKubeconfig, writeKubeconfig } from "./kubeconfig.ts";
import { refuseUpgrade, respond, respondWithError } from "./respond.ts";
import { pathOf, resourceRequest, route, urlOf } from "./route.ts";
import { namespaceAdmission } from "./admission/builtin.ts";
import { noSuchPath } from "./status.ts";
import { createCertificates } from "./tls.ts";
import { watchCascades } from "./verbs/cascade.ts";

/** As long as the server's certificate. */
const podTokenSeconds = 30 * 24 * 3600;

export interface ApiServerOptions {
  store: ObjectStore;
  runtime: PodRuntime;
  /** 0 takes a free one. */
  port: number;
  /** The lab runs commands as root: it is never offered beyond loopback. */
  host: "127.0.0.1";
  /**
   * Address on the pods' network at which pods reach it, with a token of their own; absent: they do not. Only this machine
   * and its pods have a way there; a firewall of this machine that drops what pods send to it closes it.
   */
  podHost?: string;
  /** Where the kubeconfig is written; made when missing. */
  stateDirectory: string;
  /**
   * Awaited before a request for something inside a namespace is answered; never rejects. What it resolves to is called
   * when the answer has ended, which for a watch or an exec is when the client leaves.
   */
  beforeNamespace?: (asked: NamespaceQuestion) => Promise<() => void>;
}

/** What a request asks for inside a namespace. */
export interface NamespaceQuestion {
  namespace: string;
  /** Of one object, by its path or by a field selector. */
  name?: string;
  /** As it was written. */
  labelSelector?: string;
}

export interface ApiServer {
  url: string;
  kubeconfigPath: string;
  /** The file's content. */
  kubeconfig: string;
  /** What was asked of it, and what access control said. */
  accessLog: AccessLog;
  /** As whom a pod speaks to it; null for one that names no account that there is, or where pods do not reach it. */
  identityOf(pod: LabObject): PodIdentity | null;
  /** Ends watches and exec sessions, closes the port, and takes the kubeconfig away. Idempotent. */
  close(): Promise<void>;
}

/** Serves the lab's objects as the Kubernetes API, over HTTPS with a certificate and a token made for this run. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, runtime, port, host, stateDirectory } = options;
  const access = createAccess(store, Date.now);
  const certificates = await createCertificates(Date.now(), options.podHost === undefined ? [] : [options.podHost]);
  const closing = new AbortController();
  // One listener per watch and exec session.
  setMaxListeners(0, closing.signal);
  const context: ApiContext = {
    store,
    runtime,
    access,
    builtinSchema: createBuiltinSchemas(),
    now: Date.now,
    closing: closing.signal,
  };
  ensureNamespaces(store);
  createBootstrapRoles(store);

  const upgraded = new Set<Duplex>();
  const upgrades = { exec: createExecServer(context), portforward: createPortForwardServer(context) };
  const serve = async (onHost: string, onPort: number): Promise<Server> => {
    const server = createServer({ key: certificates.key, cert: certificates.certificate });
    // Watches stay open for as long as their clients want.
    server.requestTimeout = 0;
    server.on("request", (request, response) => void answer(options, context, request, response));
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      upgraded.add(socket);
      socket.once("close", () => upgraded.delete(socket));
      // A client that goes away in mid-answer is no error of ours.
      socket.on("error", () => socket.destroy());
      void upgrade(options, context, upgrades, request, socket, head);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(onPort, onHost, () => {
        server.off("error", reject);
        resolve();
      });
    });
    return server;
  };
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  const server = await serve(host, port);
  const forPods = options.podHost === undefined ? null : await serve(options.podHost, 0);

  const stopCascades = watchCascades(store);
  const url = `https://${host}:${portOf(server)}`;
  const kubeconfig = renderKubeconfig({ url, ca: certificates.ca, token: access.labToken });
  const kubeconfigPath = await writeKubeconfig(stateDirectory, kubeconfig);
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    stopCascades();
    closing.abort();
    const servers = forPods === null ? [server] : [server, forPods];
    const ended = servers.map((one) => new Promise<void>((resolve) => one.close(() => resolve())));
    for (const socket of upgraded) socket.destroy();
    for (const one of servers) one.closeAllConnections();
    await Promise.all(ended);
    await rm(kubeconfigPath, { force: true });
  }
  const identityOf = (pod: LabObject): PodIdentity | null => {
    const { namespace = "default", name: podName, uid: podUid } = pod.metadata;
    const name = accountOf(pod);
    const account = name === undefined ? undefined : store.get({ kind: "ServiceAccount", namespace, name });
    if (account === undefined || forPods === null) return null;
    const bound = { name: podName, uid: podUid };
    const token = access.tokens.issue(
      { namespace, name: account.metadata.name, uid: account.metadata.uid },
      podTokenSeconds,
      bound,
    );
    return { token, ca: certificates.ca, namespace, host: options.podHost ?? "", port: portOf(forPods) };
  };
  return { url, kubeconfigPath, kubeconfig, accessLog: access.log, identityOf, close: () => (closed ??= close()) };
}

async function answer(
  options: ApiServerOptions,
  context: ApiContext,
  request: IncomingMessage,
  response: ServerResponse,
) {
  response.on("error", () => response.destroy());
  let answered: (() => void) | undefined;
  try {
    const user = authorized(context, request);
    const question = namespaceQuestion(urlOf(request));
    // A system's own pods wake nobody, and must not wait until they have formed.
    if (question !== null && user.pod?.namespace !== question.namespace)
      answered = await options.beforeNamespace?.(question);
    await respond(request, response, await route(context, request, user));
  } catch (error) {
    respondWithError(response, statusOfError(error));
  } finally {
    answered?.();
  }
}

/** Whose request it is. Throws ApiError 401, and 403 for what they may not have. */
function authorized(context: ApiContext, request: IncomingMessage): User {
  const user = context.access.authenticate(request.headers);
  const url = urlOf(request);
  const path = pathOf(url);
  context.access.authorize(user, attributesOf(request.method ?? "GET", url, path));
  return user;
}

function namespaceQuestion(url: URL): NamespaceQuestion | null {
  const path = pathOf(url);
  if (path.what !== "resource" || path.namespace === undefined) return null;
  const name = path.name ?? /(?:^|,)metadata\.name==?([^,]+)/.exec(url.searchParams.get("fieldSelector") ?? "")?.[1];
  const labelSelector = url.searchParams.get("labelSelector");
  return {
    namespace: path.namespace,
    ...(name === undefined ? {} : { name }),
    ...(labelSelector === null || labelSelector === "" ? {} : { labelSelector }),
  };
}

/** By subresource of pods. */
type Upgrades = Record<"exec" | "portforward", UpgradeServer>;

async function upgrade(
  options: ApiServerOptions,
  context: ApiContext,
  upgrades: Upgrades,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
) {
  try {
    authorized(context, request);
    const url = urlOf(request);
    const path = pathOf(url);
    if (path.what !== "resource" || (path.subresource !== "exec" && path.subresource !== "portforward"))
      throw noSuchPath();
    const question = namespaceQuestion(url);
    const answered = question === null ? undefined : await options.beforeNamespace?.(question);
    if (socket.destroyed) answered?.();
    else socket.once("close", () => answered?.());
    await upgrades[path.subresource](resourceRequest(request, path, url.searchParams), request, socket, head);
  } catch (error) {
    refuseUpgrade(socket, statusOfError(error).status);
  }
}

/** `default` and `kube-system` are there from the start. */
function ensureNamespaces(store: ObjectStore): void {
  for (const name of ["default", "kube-system"]) {
    if (store.get({ kind: "Namespace", name }) !== undefined) continue;
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    namespaceAdmission.setDefaults?.(namespace as Parameters<NonNullable<typeof namespaceAdmission.setDefaults>>[0]);
    store.create(namespace);
  }
}
