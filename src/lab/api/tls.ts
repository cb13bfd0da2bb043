import { createAuthority } from "../certificate-authority.ts";

/** PEM texts of a throw-away certificate authority and a server certificate that it signed. */
export interface Certificates {
  ca: string;
  certificate: string;
  key: string;
}

/**
 * Makes both, in memory, for loopback and further `addresses`; the authority's key is forgotten at once, so nothing else can
 * be signed with it.
 */
export async function createCertificates(nowMs: number, addresses: readonly string[] = []): Promise<Certificates> {
  const authority = await createAuthority("aftershock-lab-ca", nowMs);
  const subject = { commonName: "aftershock-lab", names: ["localhost"], ips: ["127.0.0.1", ...addresses] };
  const server = await authority.issue(subject, "server");
  return { ca: authority.ca, certificate: server.cert, key: server.key };
}
