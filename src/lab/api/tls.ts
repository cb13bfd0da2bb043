import { generate } from "selfsigned";

/** PEM texts of a throw-away certificate authority and a server certificate that it signed. */
export interface Certificates {
  ca: string;
  certificate: string;
  key: string;
}

const validForMs = 30 * 24 * 3600_000;
/** Clients whose clock is a little behind ours should not be turned away. */
const backdatedMs = 3600_000;

/**
 * Makes both, in memory, for loopback and further `addresses`; the authority's key is forgotten at once, so nothing else can
 * be signed with it.
 */
export async function createCertificates(nowMs: number, addresses: readonly string[] = []): Promise<Certificates> {
  const common = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - backdatedMs),
    notAfterDate: new Date(nowMs + validForMs),
  } as const;
  const authority = await generate([{ name: "commonName", value: "aftershock-lab-ca" }], {
    ...common,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "aftershock-lab" }], {
    ...common,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          ...["127.0.0.1", ...addresses].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { ca: authority.cert, certificate: server.cert, key: server.private };
}
