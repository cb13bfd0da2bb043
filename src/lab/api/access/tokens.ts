/**
 * Tokens of service accounts: JSON Web Tokens with the claims that Kubernetes puts into bound tokens
 * (pkg/serviceaccount/claims.go), signed with a key of this run. An account's tokens end with the account.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ObjectStore } from "../../objects.ts";
import { child, count, isJson, text } from "../json.ts";
import type { Json } from "../json.ts";
import { serviceAccountName, serviceAccountUser } from "./user.ts";
import type { User } from "./user.ts";

const issuer = "https://kubernetes.default.svc.cluster.local";
const header = encode({ alg: "HS256", typ: "JWT" });

export interface TokenService {
  /** Bound to a pod, it ends with that pod (kubernetes.io, Managing Service Accounts, bound token lifetime). */
  issue(
    account: { namespace: string; name: string; uid: string },
    lifeSeconds: number,
    pod?: { name: string; uid: string },
  ): string;
  /** Whose it is; undefined when it is not ours, has expired, or its account or its pod is gone. */
  read(token: string): User | undefined;
}

/** `now` is the wall clock in milliseconds. */
export function createTokenService(store: ObjectStore, key: string, now: () => number): TokenService {
  const sign = (signed: string): string => createHmac("sha256", key).update(signed).digest("base64url");

  return {
    issue({ namespace, name, uid }, lifeSeconds, pod) {
      const iat = Math.floor(now() / 1000);
      const signed = `${header}.${encode({
        aud: [issuer],
        exp: iat + lifeSeconds,
        iat,
        iss: issuer,
        jti: crypto.randomUUID(),
        "kubernetes.io": { namespace, serviceaccount: { name, uid }, ...(pod === undefined ? {} : { pod }) },
        nbf: iat,
        sub: serviceAccountName(namespace, name),
      })}`;
      return `${signed}.${sign(signed)}`;
    },
    read(token) {
      const [head = "", body = "", signature = ""] = token.split(".");
      const [given, right] = [Buffer.from(signature), Buffer.from(sign(`${head}.${body}`))];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const claims = decodeClaims(body);
      if (count(claims, "exp") * 1000 <= now()) return undefined;
      const bound = child(claims, "kubernetes.io");
      const namespace = text(bound, "namespace");
      const name = text(child(bound, "serviceaccount"), "name");
      const uid = text(child(bound, "serviceaccount"), "uid");
      const account = store.get({ kind: "ServiceAccount", namespace, name });
      if (account?.metadata.uid !== uid) return undefined;
      const user = serviceAccountUser({ namespace, name, uid });
      if (!isJson(bound["pod"])) return user;
      const pod = { namespace, name: text(bound["pod"], "name") };
      const running = store.get({ kind: "Pod", ...pod });
      return running?.metadata.uid === text(bound["pod"], "uid") ? { ...user, pod } : undefined;
    },
  };
}

function encode(part: Json): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

// Only what carries our signature comes here.
function decodeClaims(body: string): Json {
  const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  return isJson(claims) ? claims : {};
}
