import type { ConnectionOptions } from "node:tls";
import type { PodAddress } from "./system.ts";

/**
 * How a system's servers are found and spoken to: what the configuration says of a target (`clusters.NAME.targets`),
 * with its secrets read. A system has parts, such as `redis` and `sentinel`, each with its own port, login and
 * certificates; `parts.ts` names them.
 */
export interface SystemAccess {
  /** Label selector of a part's pods, as in kubectl; null: by the adapter's own label. */
  selector(part: string): string | null;
  /**
   * Where a part of a pod is dialled, and as whom. Ask anew for each pod, and again when a pod has another address.
   * Rejects with AftershockError `secret_unreadable` or `system_unreachable`.
   */
  dial(part: string, pod: PodAddress, defaultPort: number): Promise<Dial>;
  /** How a part's servers listen, for commands that are run in a pod and speak to another pod's address. */
  listening(part: string, defaultPort: number): Listening;
}

/** What a client must know of a server beside its address. No secret. */
export interface Listening {
  port: number;
  /** `mutual`: the server is shown a certificate too. */
  tls: "none" | "server" | "mutual";
  /** What of the server's certificate is checked, as in the configuration; absent without TLS. */
  verify?: "full" | "ca" | "none";
}

/** One server as a client library is told of it. */
export interface Dial {
  /** The pod's IP, or a local end of a way through the API server. Never the name to check a certificate against. */
  host: string;
  port: number;
  user?: string;
  password?: string;
  /** Of SASL, where the system lets one choose. */
  mechanism?: SaslMechanism;
  /** For `tls.connect`; absent: without TLS. */
  tls?: ConnectionOptions;
}

/** `EXTERNAL`: the client certificate is the login. */
export const saslMechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "EXTERNAL"] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

/** Without a target: the pods by the adapter's labels, at their own addresses, without login or TLS. */
export const plainAccess: SystemAccess = {
  selector: () => null,
  dial: async (_part, { host }, defaultPort) => ({ host, port: defaultPort }),
  listening: (_part, defaultPort) => ({ port: defaultPort, tls: "none" }),
};
