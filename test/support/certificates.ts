import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createAuthority as createLabAuthority,
  type Authority,
  type Issued,
} from "../../src/lab/certificate-authority.ts";

export type { Authority, Issued };

/** One whose certificates are good for a day. */
export function createAuthority(name: string): Promise<Authority> {
  return createLabAuthority(name, Date.now(), 24 * 3600_000);
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
