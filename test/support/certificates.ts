import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";

/** PEM texts. */
export interface Issued {
  cert: string;
  key: string;
}

export interface Authority {
  ca: string;
  /** A certificate for servers and for clients; `names` are DNS names, `ips` addresses. Without a common name: of an organisation alone. */
  issue(subject: { commonName?: string; names?: readonly string[]; ips?: readonly string[] }): Promise<Issued>;
}

const hourMs = 3600_000;

/** A throw-away certificate authority. */
export async function createAuthority(name: string): Promise<Authority> {
  const common = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(Date.now() - hourMs),
    notAfterDate: new Date(Date.now() + 24 * hourMs),
  } as const;
  const authority = await generate([{ name: "commonName", value: name }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  return {
    ca: authority.cert,
    issue: async ({ commonName, names = [], ips = [] }) => {
      const altNames = [
        ...names.map((value) => ({ type: 2, value }) as const),
        ...ips.map((ip) => ({ type: 7, ip }) as const),
      ];
      const subject =
        commonName === undefined
          ? { name: "organizationName", value: "rig" }
          : { name: "commonName", value: commonName };
      const made = await generate([subject], {
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
    },
  };
}

/** A certificate and its key, PEM; `files` for servers, which read nothing else. */
export interface KeyPair extends Issued {
  files: Issued;
}

/** What a server with TLS and its clients need, made for one test file. */
export interface TestCertificates {
  folder: string;
  ca: string;
  caFile: string;
  /** Of an authority that signed nothing here. */
  strangersCa: string;
  /** For the name that was asked for, not for any address. */
  server: KeyPair;
  /** Its CommonName is `probe`. */
  client: KeyPair;
  /** Without a CommonName. */
  nameless: KeyPair;
  remove(): void;
}

/** Makes an authority, and signs with it. Files are readable by all: servers here run as users of their own. */
export async function makeCertificates(serverName: string): Promise<TestCertificates> {
  const folder = mkdtempSync(join(tmpdir(), "aftershock-test-tls-"));
  const own = await createAuthority("test-ca");
  const sign = async (name: string, subject: Parameters<Authority["issue"]>[0]): Promise<KeyPair> => {
    const issued = await own.issue(subject);
    const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    writeFileSync(files.cert, issued.cert);
    writeFileSync(files.key, issued.key);
    return { ...issued, files };
  };
  const caFile = join(folder, "ca.pem");
  writeFileSync(caFile, own.ca);
  return {
    folder,
    ca: own.ca,
    caFile,
    strangersCa: (await createAuthority("strangers-ca")).ca,
    server: await sign("server", { commonName: "server", names: [serverName] }),
    client: await sign("client", { commonName: "probe" }),
    nameless: await sign("nameless", {}),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
