import { isIP } from "node:net";
import { buildConnector, Pool, request, type Dispatcher } from "undici";
import type { Dial } from "../access.ts";
import { EtcdNotSent, EtcdRefusal, readAnswer, type Json } from "./http.ts";

/** A call that is out of time takes its connection along. So many at a time, and a slow member is not slowed by handshakes. */
const mostTlsConnections = 64;
/** Logging in goes through raft; without a leader it is given up after this. */
const loginTimeoutMs = 5000;

export interface CallOptions {
  timeoutMs: number;
  headers?: Readonly<Record<string, string>>;
}

/** One member, as the bot calls it. */
export interface EtcdEndpoint {
  /**
   * One call of etcd's JSON gateway (etcd documentation, gRPC gateway): POST, bytes in base64, 64-bit numbers as text,
   * zero values left out. Rejects with EtcdRefusal when etcd answers an error, with EtcdNotSent when it could not be
   * logged in, otherwise with undici's error.
   */
  call(path: string, body: Json, options: CallOptions): Promise<Json>;
  /** What `/metrics` of the same port has; "" for any other answer: etcd may tell its metrics elsewhere alone. */
  metrics(timeoutMs: number): Promise<string>;
  /** The last TLS error of a connection after its handshake: in TLS 1.3 that is when a server turns a client down. */
  alert(): Error | undefined;
  /** Ends when what is under way has ended. */
  close(): Promise<void>;
}

/**
 * Connections to one member, kept alive, as `fetch` has its own. `fetch` itself took twice the processor time at 2,000
 * calls a second (bench/probe-rate.ts), and then the schedule slipped.
 */
export function openEndpoint(dial: Dial): EtcdEndpoint {
  let alert: Error | undefined;
  const { origin, connections } = connectionsOf(dial, (error) => (alert = error));
  const post = async (
    path: string,
    body: Json,
    headers: CallOptions["headers"],
    signal: AbortSignal,
  ): Promise<Json> => {
    const answer = await request(`${origin}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
      signal,
      dispatcher: connections,
    });
    return readAnswer(answer.statusCode, await answer.body.text());
  };
  const login = loginOf(dial, (body) => post("auth/authenticate", body, {}, AbortSignal.timeout(loginTimeoutMs)));
  return {
    call: async (path, body, { timeoutMs, headers }) => {
      const signal = AbortSignal.timeout(timeoutMs);
      if (login === null) return post(path, body, headers, signal);
      const token = await login.token(signal);
      try {
        return await post(path, body, { ...headers, ...authorization(token) }, signal);
      } catch (error) {
        if (!isStale(error)) throw error;
        login.forget(token);
        return post(path, body, { ...headers, ...authorization(await login.token(signal)) }, signal);
      }
    },
    metrics: async (timeoutMs) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await request(`${origin}/metrics`, { signal, dispatcher: connections });
      const text = await answer.body.text();
      return answer.statusCode === 200 ? text : "";
    },
    alert: () => alert,
    close: () => connections.close(),
  };
}

/** undici's connections for a Dial. */
function connectionsOf(
  { host, port, tls }: Dial,
  onAlert: (error: Error) => void,
): { origin: string; connections: Dispatcher } {
  const address = isIP(host) === 6 ? `[${host}]` : host;
  if (tls === undefined) {
    const origin = `http://${address}:${port}`;
    return { origin, connections: new Pool(origin) };
  }
  const origin = `https://${address}:${port}`;
  const connector = buildConnector(tls as buildConnector.BuildOptions);
  const connect: buildConnector.connector = (options, callback) =>
    connector(options, (...[error, socket]) => {
      // undici puts an error of its own ("other side closed") in the place of the server's alert.
      socket?.once("error", onAlert);
      if (error === null) callback(null, socket);
      else callback(error, null);
    });
  return { origin, connections: new Pool(origin, { connect, connections: mostTlsConnections }) };
}

interface Login {
  /** Null: etcd wants none. Rejects with EtcdNotSent. */
  token(signal: AbortSignal): Promise<string | null>;
  /** Has the next call log in again, unless that has been done since. */
  forget(token: string | null): void;
}

/**
 * A token of one member, got once and again when it is forgotten (etcd documentation, gRPC gateway: authentication). A
 * member keeps tokens in memory, five minutes after their last use by default, so that one got elsewhere, or before a
 * restart, may be worth nothing.
 */
function loginOf({ user, password }: Dial, authenticate: (body: Json) => Promise<Json>): Login | null {
  if (user === undefined) return null;
  let current: { got: Promise<string | null>; token?: string | null } | undefined;
  const begin = (): NonNullable<typeof current> => {
    const fresh: NonNullable<typeof current> = {
      got: authenticate({ name: user, password: password ?? "" }).then(
        (answer) => (fresh.token = typeof answer["token"] === "string" ? answer["token"] : null),
        (error: unknown) => {
          // As etcd's own client does (client/v3, getToken): without authentication there is nothing to present.
          if (error instanceof EtcdRefusal && error.message.includes("authentication is not enabled")) {
            return (fresh.token = null);
          }
          if (current === fresh) current = undefined;
          throw new EtcdNotSent("not-logged-in", error);
        },
      ),
    };
    return fresh;
  };
  return {
    token: (signal) => {
      current ??= begin();
      return current.token === undefined ? inTime(current.got, signal) : current.got;
    },
    forget: (token) => {
      if (current?.token === token) current = undefined;
    },
  };
}

const authorization = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: token };

/**
 * Refusals for which etcd's own client gets a new token and asks again (client/v3, retry_interceptor.go): they are made
 * before, or instead of, applying anything.
 */
const staleWords = ["invalid auth token", "revision of auth store is old", "user name is empty"];

function isStale(error: unknown): boolean {
  return error instanceof EtcdRefusal && staleWords.some((words) => error.message.includes(words));
}

/** Several calls may wait for one login, each no longer than it may take itself. */
async function inTime<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new EtcdNotSent("not-logged-in", signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
