import {
  createConfiguration,
  ServerConfiguration,
  type ApiType,
  type Configuration,
  type KubeConfig,
  type RequestContext,
} from "@kubernetes/client-node";

type Dispatcher = ReturnType<RequestContext["getDispatcher"]>;

/** How long one shared connection pool is kept, so that rotated client certificates are picked up. */
const poolLifetimeMs = 10 * 60_000;

/**
 * Cures two traits of client-node 2.0.1: it ignores `signal` on a call, and it opens a new connection for every
 * request. Both are set in a middleware that runs after authentication: the first request's dispatcher, made by the
 * client itself from the kubeconfig (CA, client certificate, proxy), is kept and shared.
 */
export interface Connection {
  /** An API object whose calls end with `signal`. */
  api<T extends ApiType>(type: new (configuration: Configuration) => T, signal: AbortSignal): T;
  close(): Promise<void>;
}

export function connect(config: KubeConfig): Connection {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error("the kubeconfig's current context names no cluster");
  let shared: Dispatcher;
  let sharedSinceMs = 0;
  const share = (context: RequestContext): void => {
    if (shared === undefined || performance.now() - sharedSinceMs > poolLifetimeMs) {
      shared = context.getDispatcher();
      sharedSinceMs = performance.now();
    } else {
      context.setDispatcher(shared);
    }
  };
  return {
    api: (type, signal) =>
      new type(
        createConfiguration({
          baseServer: new ServerConfiguration(server, {}),
          authMethods: { default: config },
          promiseMiddleware: [
            {
              pre: (context) => {
                share(context);
                context.setSignal(signal);
                return Promise.resolve(context);
              },
              post: (response) => Promise.resolve(response),
            },
          ],
        }),
      ),
    close: async () => {
      await shared?.destroy();
      shared = undefined;
    },
  };
}
