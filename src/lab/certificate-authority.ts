import { generate } from "selfsigned";

/** PEM texts. */
export interface Issued {
  cert: string;
  key: string;
}

export interface Subject {
  /** Left out: the certificate is of an organisation alone. */
  commonName?: string;
  /** DNS names. */
  names?: readonly string[];
  ips?: readonly string[];
}

/** A throw-away certificate authority: its certificate and key, PEM, and what signs with it. */
export interface Authority {
  ca: string;
  caKey: string;
  /** A certificate for servers and for clients, or for servers alone. */
  issue(subject: Subject, use?: "both" | "server"): Promise<Issued>;
}

/** As long as a lab may live. */
const labsLifeMs = 30 * 24 * 3600_000;
/** Clients whose clock is a little behind ours should not be turned away. */
const backdatedMs = 3600_000;

/** Makes one in memory; all that it issues is good from an hour before `nowMs` until `validForMs` after. */
export async function createAuthority(name: string, nowMs: number, validForMs = labsLifeMs): Promise<Authority> {
  const common = {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(nowMs - backdatedMs),
    notAfterDate: new Date(nowMs + validForMs),
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
    caKey: authority.private,
    issue: async ({ commonName, names = [], ips = [] }, use = "both") => {
      const altNames = [
        ...names.map((value) => ({ type: 2, value }) as const),
        ...ips.map((ip) => ({ type: 7, ip }) as const),
      ];
      const subject =
        commonName === undefined
          ? { name: "organizationName", value: name }
          : { name: "commonName", value: commonName };
      const made = await generate([subject], {
        ...common,
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          { name: "basicConstraints", cA: false, critical: true },
          { name: "keyUsage", digitalSignature: true, critical: true },
          { name: "extKeyUsage", serverAuth: true, ...(use === "both" ? { clientAuth: true } : {}) },
          ...(altNames.length === 0 ? [] : [{ name: "subjectAltName", altNames } as const]),
        ],
      });
      return { cert: made.cert, key: made.private };
    },
  };
}
