import type { SaslMechanism } from "../probes/access.ts";

/** A system that runs are about, as the configuration describes it: where it is, how it is found, how it is spoken to. */
export interface Target {
  name: string;
  /** Systems of experiments that it can serve, e.g. `patroni` and `postgres-io`. */
  systems: readonly string[];
  namespace: string;
  /** Label selector by part, e.g. `{ redis: "app.kubernetes.io/component=node" }`. */
  selectors: Readonly<Record<string, string>>;
  /** Values of experiments' parameters, where they have them and nothing else is asked for. */
  parameters: Readonly<Record<string, string | number>>;
  /** By part, e.g. `{ redis: …, sentinel: … }`. */
  access: Readonly<Record<string, PartAccess>>;
}

/** Of one part of a system. */
export interface PartAccess {
  port?: number | undefined;
  user?: SecretText | undefined;
  password?: SecretRef | undefined;
  mechanism?: SaslMechanism | undefined;
  tls?: TlsAccess | undefined;
}

/** PEM texts by reference, and what of the server's certificate is checked. */
export interface TlsAccess {
  ca?: SecretRef | undefined;
  cert?: SecretRef | undefined;
  key?: SecretRef | undefined;
  /** The name in the server's certificate; `{pod}` and `{namespace}` stand for the pod's. Left out: the pod's IP. */
  serverName?: string | undefined;
  /** `full`: authority and name; `ca`: authority only; `none`: nothing, so that anybody in between may read and answer. */
  verify: "full" | "ca" | "none";
}

/** Where a secret is: never in the configuration file itself. */
export type SecretRef =
  /** A key of a Kubernetes Secret, in the target's namespace. `ifMissing`: a sentence on how it comes to be there. */
  { secret: string; key: string; ifMissing?: string } | LocalRef;

/** Where a secret is on the machine that the worker runs on. */
export type LocalRef =
  /** The environment variable NAME, or the file that NAME_FILE names. */
  { variable: string } | { file: string };

/** A user's name may stand in the configuration as it is. */
export type SecretText = string | SecretRef;

/** Every Kubernetes Secret that a target refers to, each once. */
export function secretsOf(target: Pick<Target, "access">): string[] {
  const names = Object.values(target.access).flatMap(({ user, password, tls }) =>
    [user, password, tls?.ca, tls?.cert, tls?.key].flatMap((ref) =>
      typeof ref === "object" && "secret" in ref ? [ref.secret] : [],
    ),
  );
  return [...new Set(names)].toSorted();
}
