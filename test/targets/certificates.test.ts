import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { judgeCertificates } from "../../src/targets/certificates.ts";
import { createAuthority, type Authority, type Issued } from "../support/certificates.ts";

const dayMs = 24 * 3600_000;

describe("a part's certificates", () => {
  let authority: Authority;
  let own: Issued;
  let other: Issued;
  beforeAll(async () => {
    authority = await createAuthority("rig");
    own = await authority.issue({ commonName: "probe" });
    other = await authority.issue({ commonName: "other" });
  });
  const why = (texts: Parameters<typeof judgeCertificates>[0], nowMs = Date.now()): string[] =>
    judgeCertificates(texts, nowMs).problems.map((one) => `${one.key} ${one.why}`);

  it("are good when they can be used, are valid now and belong together; the first end counts", () => {
    const judged = judgeCertificates({ ca: authority.ca, ...own }, Date.now());
    expect(judged.problems).toEqual([]);
    expect(judged.untilMs).toBeGreaterThan(Date.now());
    expect(judged.untilMs).toBeLessThan(Date.now() + dayMs);
    expect(judgeCertificates({}, Date.now())).toEqual({ problems: [], untilMs: null });
  });

  it("are not when a text is something else; none of it is told", () => {
    const noise = "hunter2-hunter2";
    expect(why({ ca: noise, cert: noise, key: noise })).toEqual([
      "ca holds no PEM certificate",
      "cert holds no PEM certificate",
      "key holds no PEM private key that can be used without a passphrase",
    ]);
    expect(why({ cert: own.key, key: own.cert })).toHaveLength(2);
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    expect(why({ ca: broken })).toEqual(["ca holds no PEM certificate"]);
    const locked = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "locked" },
    }).privateKey;
    expect(why({ key: locked })).toEqual(["key holds no PEM private key that can be used without a passphrase"]);
  });

  it("are not when they have ended, are not valid yet, or the key is another's", () => {
    expect(why({ cert: own.cert }, Date.now() + 2 * dayMs)).toEqual([expect.stringMatching(/^cert ended on \d{4}-/)]);
    expect(why({ cert: own.cert }, Date.now() - 2 * dayMs)).toEqual([
      expect.stringMatching(/^cert is not valid before/),
    ]);
    expect(why({ ca: authority.ca }, Date.now() + 2 * dayMs)).toEqual([expect.stringMatching(/^ca ended on/)]);
    expect(why({ cert: own.cert, key: other.key })).toEqual(["key is not the key of tls.cert"]);
  });
});
