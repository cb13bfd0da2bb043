import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority, type Issued } from "../certificate-authority.ts";
import type { NewObject } from "../objects.ts";

/** What the operator makes for a cluster by itself: certificates, and the passwords of two users. PEM texts. */
export interface CnpgSecrets {
  ca: string;
  caKey: string;
  server: Issued;
  /** Of the user `streaming_replica`, who has no password. */
  replication: Issued;
  superuserPassword: string;
  appPassword: string;
}

/** Makes them anew, as they are thrown away with the lab. */
export async function createCnpgSecrets(cluster: string, namespace: string, nowMs: number): Promise<CnpgSecrets> {
  const authority = await createAuthority(cluster, nowMs);
  // The services' names alone, and no pod's (cloudnative-pg v1.30.0, GetClusterAltDNSNames in api/v1/cluster_funcs.go).
  const services = ["rw", "r", "ro"].map((suffix) => `${cluster}-${suffix}`);
  const names = services.flatMap((name) => [name, `${name}.${namespace}`, `${name}.${namespace}.svc`]);
  return {
    ca: authority.ca,
    caKey: authority.caKey,
    server: await authority.issue({ commonName: `${cluster}-rw`, names }),
    replication: await authority.issue({ commonName: "streaming_replica" }),
    superuserPassword: randomBytes(24).toString("base64url"),
    appPassword: randomBytes(24).toString("base64url"),
  };
}

/** The Secrets, with the keys that clients read (cloudnative-pg v1.30.0, pkg/specs/secrets.go and pkg/certs/certs.go). */
export function cnpgSecretObjects(secrets: CnpgSecrets, cluster: string, namespace: string): NewObject[] {
  const secret = (name: string, type: string, values: Readonly<Record<string, string>>): NewObject => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: `${cluster}-${name}`, namespace, labels: { "cnpg.io/cluster": cluster } },
    type,
    data: Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
    ),
  });
  const login = (username: string, password: string, dbname: string) =>
    ({ username, user: username, password, dbname, host: `${cluster}-rw`, port: "5432" }) as const;
  return [
    secret("app", "kubernetes.io/basic-auth", login("app", secrets.appPassword, "app")),
    secret("superuser", "kubernetes.io/basic-auth", login("postgres", secrets.superuserPassword, "*")),
    secret("ca", "Opaque", { "ca.crt": secrets.ca, "ca.key": secrets.caKey }),
    secret("server", "kubernetes.io/tls", { "tls.crt": secrets.server.cert, "tls.key": secrets.server.key }),
    secret("replication", "kubernetes.io/tls", {
      "tls.crt": secrets.replication.cert,
      "tls.key": secrets.replication.key,
    }),
  ];
}

/** Writes what an instance reads into a folder that is mounted into its pod. */
export function writeCnpgFiles(secrets: CnpgSecrets, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = {
    "ca.crt": secrets.ca,
    "server.crt": secrets.server.cert,
    "server.key": secrets.server.key,
    "streaming_replica.crt": secrets.replication.cert,
    "streaming_replica.key": secrets.replication.key,
    "superuser-password": secrets.superuserPassword,
    "app-password": secrets.appPassword,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
}
