import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";
import type { NewObject } from "../objects.ts";

/** What the operator makes for a cluster by itself: certificates, and the passwords of two users. PEM texts. */
export interface CnpgSecrets {
  ca: string;
  caKey: string;
  server: { cert: string; key: string };
  /** Of the user `streaming_replica`, who has no password. */
  replication: { cert: string; key: string };
  superuserPassword: string;
  appPassword: string;
}

const validForMs = 30 * 24 * 3600_000;
const backdatedMs = 3600_000;

/** Makes them anew, as they are thrown away with the lab. */
export async function createCnpgSecrets(cluster: string, namespace: string, nowMs: number): Promise<CnpgSecrets> {
  const common = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - backdatedMs),
    notAfterDate: new Date(nowMs + validForMs),
  } as const;
  const authority = await generate([{ name: "commonName", value: cluster }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const issue = async (commonName: string, names: readonly string[]): Promise<{ cert: string; key: string }> => {
    const altNames = names.map((value) => ({ type: 2, value }) as const);
    const made = await generate([{ name: "commonName", value: commonName }], {
      ...common,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, critical: true },
        { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames } as const]),
      ],
    });
    return { cert: made.cert, key: made.private };
  };
  // The services' names alone, and no pod's (cloudnative-pg v1.30.0, GetClusterAltDNSNames in api/v1/cluster_funcs.go).
  const services = ["rw", "r", "ro"].map((suffix) => `${cluster}-${suffix}`);
  const names = services.flatMap((name) => [name, `${name}.${namespace}`, `${name}.${namespace}.svc`]);
  return {
    ca: authority.cert,
    caKey: authority.private,
    server: await issue(`${cluster}-rw`, names),
    replication: await issue("streaming_replica", []),
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
