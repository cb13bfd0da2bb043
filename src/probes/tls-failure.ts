/** A TLS connection that never came to be: nothing that was sent on it was taken for a request. */
export interface TlsFailure {
  /** What happened, as the end of a sentence about the server. */
  what: string;
  /** The keys of a target's `access.PART` that can mend it. */
  keys: string;
  /** It hung up without a word, as one does that is on its way down. */
  hungUp?: true;
}

const authority =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA)$/;
/** Alerts by which a server turns a client's certificate, or its absence, down (RFC 8446, section 6.2). */
const clientRefused =
  /_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN|REQUIRED)|UNKNOWN_CA|ACCESS_DENIED)$/;

const knownFailures: ReadonlyArray<[code: RegExp, what: string, keys: string]> = [
  [authority, "its certificate is not signed by the authority that was given", "tls.ca"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "its certificate is for another name", "tls.serverName"],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID|REVOKED)$/, "its certificate is not valid now", "tls.ca"],
  [clientRefused, "it refused the client's certificate, or wants one", "tls.cert and tls.key"],
  [/_ALERT_|_UNSUPPORTED_PROTOCOL$/, "it ended the TLS handshake", "tls"],
  [/^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/, "it does not speak TLS on that port", "port and tls"],
  [/^ERR_OSSL_/, "the certificate or key that was given for the client cannot be used", "tls.cert and tls.key"],
];

/**
 * What of TLS an error is about, wherever in its chain of causes; null when it is about something else. Codes are those of
 * Node.js (nodejs.org, TLS: X509 certificate error codes) and of OpenSSL.
 */
export function tlsFailure(error: unknown): TlsFailure | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = "code" in at ? String(at.code) : "";
    // Node.js has no code of its own for a server that hangs up in the handshake.
    if (at.message.includes("before secure TLS connection was established")) {
      return { what: "it hung up in the TLS handshake", keys: "port and tls", hungUp: true };
    }
    const found = knownFailures.find(([pattern]) => pattern.test(code));
    if (found !== undefined) return { what: `${found[1]} (${code})`, keys: found[2] };
  }
  return null;
}
