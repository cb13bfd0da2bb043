import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import type { TlsAccess } from "./target.ts";

/** PEM texts of a part's `tls`, as far as they could be read. */
export type CertificateTexts = Partial<Record<CertificateKey, string>>;
export type CertificateKey = keyof Pick<TlsAccess, "ca" | "cert" | "key">;

/** What is wrong with one of the texts; nothing of the text is in it. */
export interface CertificateProblem {
  key: CertificateKey;
  why: string;
}

/** What a part's certificates come to. `untilMs`: when the first of them ends, milliseconds since the epoch; null: none is there. */
export interface CertificatesJudged {
  problems: readonly CertificateProblem[];
  untilMs: number | null;
}

/**
 * Whether the texts are certificates and a key that Node.js can use (PEM, RFC 7468), are valid now, and belong together.
 * Of a chain in `cert` the first is ours (nodejs.org, TLS, `cert`). Pure.
 */
export function judgeCertificates(texts: CertificateTexts, nowMs: number): CertificatesJudged {
  const ca = read(texts.ca, certificatesIn, "holds no PEM certificate");
  const chain = read(texts.cert, certificatesIn, "holds no PEM certificate");
  const key = read(texts.key, privateKeyIn, "holds no PEM private key that can be used without a passphrase");
  const own = chain.value?.[0];
  const problems: CertificateProblem[] = [
    ...problem("ca", ca.why),
    ...problem("cert", chain.why),
    ...problem("key", key.why),
    // A bundle of authorities may hold some that have ended; one that is good is enough.
    ...problem(
      "ca",
      ca.value?.every((one) => validity(one, nowMs) !== null) === true ? validity(ca.value[0]!, nowMs) : null,
    ),
    ...problem("cert", own === undefined ? null : validity(own, nowMs)),
    ...(own !== undefined && key.value !== undefined && !own.checkPrivateKey(key.value)
      ? problem("key", "is not the key of tls.cert")
      : []),
  ];
  const ends = [ca.value, chain.value?.slice(0, 1)].flatMap((all) =>
    all === undefined ? [] : [Math.max(...all.map(({ validTo }) => Date.parse(validTo)))],
  );
  return { problems, untilMs: ends.length === 0 ? null : Math.min(...ends) };
}

const problem = (key: CertificateKey, why: string | null): CertificateProblem[] => (why === null ? [] : [{ key, why }]);

/** OpenSSL's own words may quote the text, and are left out. */
function read<T>(
  text: string | undefined,
  parse: (text: string) => T | null,
  otherwise: string,
): { value?: T; why: string | null } {
  if (text === undefined) return { why: null };
  try {
    const value = parse(text);
    return value === null ? { why: otherwise } : { value, why: null };
  } catch {
    return { why: otherwise };
  }
}

function certificatesIn(text: string): X509Certificate[] | null {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  return blocks === null ? null : blocks.map((block) => new X509Certificate(block));
}

function privateKeyIn(text: string): KeyObject {
  return createPrivateKey(text);
}

function validity({ validFrom, validTo }: X509Certificate, nowMs: number): string | null {
  if (nowMs > Date.parse(validTo)) return `ended on ${dayOf(Date.parse(validTo))}`;
  return nowMs < Date.parse(validFrom) ? `is not valid before ${dayOf(Date.parse(validFrom))}` : null;
}

/** `2027-03-01`, in UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
