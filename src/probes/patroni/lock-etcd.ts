import type { Dial } from "../access.ts";
import { jsonObject, type HttpAnswer } from "../dial-http.ts";
import type { LeaderLock, LockReading } from "./lock.ts";
import type { PatroniPods } from "./members.ts";

/** The lock as a key of etcd: the first member that answers as one with a leader is believed. */
export function etcdLock(members: Pick<PatroniPods, "dcs" | "scope" | "dial" | "ask" | "etcdTokens">): LeaderLock {
  return {
    source: "etcd",
    object: null,
    read: async (timeoutMs) => {
      if (members.dcs.length === 0) {
        const elsewhere = "lock=endpoints or lock=configmap, where it is in the Kubernetes API";
        return {
          holder: undefined,
          nowhere: true,
          why: `the lock is not read: no etcd was found (${elsewhere})`,
        };
      }
      return (
        (await readEtcd(members, timeoutMs)) ?? { holder: undefined, nowhere: false, why: "the lock could not be read" }
      );
    },
  };
}

/** Undefined when no member could say; without a holder the driver is not known. */
async function readEtcd(
  members: Pick<PatroniPods, "dcs" | "scope" | "dial" | "ask" | "etcdTokens">,
  timeoutMs: number,
): Promise<LockReading | undefined> {
  const key = `/service/${members.scope}/leader`;
  for (const { name } of members.dcs) {
    try {
      const dial = await members.dial("etcd", name);
      const v3 = await askV3(members, { dial, name, timeoutMs }, key);
      // A member without a leader answers with an error, which says nothing of the lock.
      if (v3.status !== 200) continue;
      const value = (jsonObject(v3.body) as { kvs?: Array<{ value?: string }> }).kvs?.[0]?.value;
      if (value !== undefined) return { holder: Buffer.from(value, "base64").toString("utf8"), driver: "etcd3" };
      // API v2 takes the login itself (etcd documentation, v2 auth).
      const v2 = await members.ask(name, dial, { path: `/v2/keys${key}?quorum=true`, timeoutMs });
      // 404 is "no such key", and what an etcd without API v2 says.
      if (v2.status !== 200 && v2.status !== 404) continue;
      const holder = v2.status === 200 ? (jsonObject(v2.body) as { node?: { value?: string } }).node?.value : undefined;
      return holder === undefined ? { holder: null, driver: null } : { holder, driver: "etcd" };
    } catch {
      continue;
    }
  }
  return undefined;
}

/** An answer of etcd that refuses the login or the right, by gRPC's codes 7 and 16 (grpc.io, Status codes). */
export class EtcdAccessError extends Error {
  /** What it is about: who we are, what that user may do, or our certificate. */
  readonly kind: "login" | "rights" | "tls";
  constructor(kind: EtcdAccessError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Asks one etcd for the lock, as the opening of a run does. Rejects with EtcdAccessError, or what undici says. */
export async function tryLock(
  members: Pick<PatroniPods, "scope" | "ask" | "etcdTokens">,
  asked: { dial: Dial; name: string; timeoutMs: number },
): Promise<void> {
  const { status, body } = await askV3(members, asked, `/service/${members.scope}/leader`);
  if (status !== 200) throwRefusal(body, asked.dial);
}

/**
 * With a user, etcd's gateway wants a token, which a login gives (etcd documentation, gRPC gateway, authentication).
 * It is kept: a login costs the server a bcrypt. One that is no longer good is made anew, once.
 */
async function askV3(
  { ask, etcdTokens }: Pick<PatroniPods, "ask" | "etcdTokens">,
  { dial, name, timeoutMs }: { dial: Dial; name: string; timeoutMs: number },
  key: string,
): Promise<HttpAnswer> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ key: Buffer.from(key).toString("base64") });
  const range = (authorization: string | null): Promise<HttpAnswer> =>
    ask(name, dial, { path: "/v3/kv/range", method: "POST", headers, body, timeoutMs, authorization });
  if (dial.user === undefined) return range(null);
  const logIn = async (): Promise<string> => {
    const login = JSON.stringify({ name: dial.user, password: dial.password ?? "" });
    const path = "/v3/auth/authenticate";
    const answer = await ask(name, dial, {
      path,
      method: "POST",
      headers,
      body: login,
      timeoutMs,
      authorization: null,
    });
    const token = jsonObject(answer.body)["token"];
    if (answer.status === 200 && typeof token === "string") {
      etcdTokens.set(name, token);
      return token;
    }
    throwRefusal(answer.body, dial);
    throw new Error(`etcd answered ${answer.status} to the login`);
  };
  const first = await range(etcdTokens.get(name) ?? (await logIn()));
  return /invalid auth token/.test(first.body) ? range(await logIn()) : first;
}

function throwRefusal(body: string, { user }: Dial): void {
  const { message, error } = jsonObject(body);
  const said = typeof message === "string" ? message : typeof error === "string" ? error : body.trim();
  // With authentication on, the gateway takes no certificate that could be mistaken for a user (etcd documentation, TLS CommonName).
  if (said.startsWith("CommonName")) throw new EtcdAccessError("tls", said);
  // Whoever does not log in is denied everything.
  if (/permission denied/.test(said)) throw new EtcdAccessError(user === undefined ? "login" : "rights", said);
  // `user name is empty`: authentication is on, and nobody logged in (etcd sources, rpctypes).
  if (/authentication failed|user name|auth token|not enabled/.test(said)) throw new EtcdAccessError("login", said);
}
