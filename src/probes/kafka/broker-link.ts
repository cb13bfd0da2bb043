import { AuthenticationError, Connection, type API, type ConnectionOptions } from "@platformatic/kafka";
import type { Dial } from "../access.ts";
import { tlsFailure } from "../tls-failure.ts";

export type NotSentReason = "refused" | "unreachable" | "tls-refused" | "login-refused" | "no-way-in";

/** The request never left, or was never taken for one: there was no connection, and none could be made in time. */
export class NotSent extends Error {
  readonly reason: NotSentReason;
  constructor(reason: NotSentReason, cause?: unknown) {
    super(`not sent: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** The request was sent, and no answer came in time. */
export class NoAnswer extends Error {}

interface Attempt {
  ready: Promise<Connection>;
  connection?: Connection;
}

/** One client's connection to one broker, made when it is needed and made again when it is gone. */
export interface BrokerLink {
  /**
   * One request. Rejects with NotSent, with NoAnswer, with the broker's own error (`ResponseError` of the client
   * library), or with `NetworkError` when the connection was lost while it waited.
   */
  ask<A extends unknown[], R>(api: API<A, R>, args: A, timeoutMs: number): Promise<R>;
  close(): void;
}

/** A connection that failed is not tried again before this; several operations may be due in that time. */
const backOffMs = 50;
/** Nor one that was turned down, which a broker writes into its log each time, and may slow down for. */
const refusedBackOffMs = 1000;
/**
 * The library's own time-out is put out of the way: when an answer comes after it (1.35.0), it takes that answer's bytes
 * for the next one's, and the connection is of no use any more. Deadlines are kept here instead.
 */
const neverMs = 3_600_000;
/** Its queue neither: what waits in it (5 in flight by default) has no time-out at all. */
const unlimited = 100_000;

/**
 * Uses the client library's connection and protocol, and none of its clients: those retry, cache leaders and queue by
 * themselves, which an application wants and a probe must not have. A link on which a request had no answer is left to
 * what still waits on it, and the next request makes a new one: a broker answers a connection's requests in order.
 * `dial` is asked for each connection; one that has to log in has done so before the first request leaves.
 */
export function brokerLink(clientId: string, dial: () => Promise<Dial>, connectTimeoutMs: number): BrokerLink {
  const open = new Set<Connection>();
  /** Of connections that were ended by an alert: in TLS 1.3 a client is turned down after its handshake. */
  const alerts = new WeakMap<Connection, Error>();
  let current: Attempt | undefined;
  let failed: { untilMs: number; error: NotSent } | undefined;
  let closed = false;
  const leave = (connection: Connection): void => {
    if (current?.connection === connection) current = undefined;
  };
  const begin = async (attempt: Attempt): Promise<Connection> => {
    const to = await dial().catch((error: unknown) => {
      throw new NotSent("no-way-in", error);
    });
    if (closed) throw new NotSent("no-way-in");
    const connection = new Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: neverMs,
      maxInflights: unlimited,
      ...securityOf(to),
    });
    attempt.connection = connection;
    open.add(connection);
    const gone = (): void => {
      open.delete(connection);
      leave(connection);
    };
    connection.on("error", (error: Error) => {
      if (tlsFailure(error) !== null) alerts.set(connection, error);
      gone();
    });
    connection.on("close", gone);
    try {
      await connection.connect(to.host, to.port);
      return connection;
    } catch (error) {
      gone();
      throw new NotSent(reasonOf(error), error);
    }
  };
  const connect = (): Promise<Connection> => {
    const attempt: Attempt = {
      ready: Promise.resolve()
        .then(() => begin(attempt))
        .catch((error: NotSent) => {
          if (current === attempt) current = undefined;
          const refused = error.reason === "tls-refused" || error.reason === "login-refused";
          failed = { untilMs: performance.now() + (refused ? refusedBackOffMs : backOffMs), error };
          throw error;
        }),
    };
    current = attempt;
    return attempt.ready;
  };
  const connected = (): Promise<Connection> => {
    if (current !== undefined) return current.ready;
    if (failed !== undefined && performance.now() < failed.untilMs) return Promise.reject(failed.error);
    return connect();
  };
  return {
    ask: async (api, args, timeoutMs) => {
      const startedMs = performance.now();
      const connection = await within(connected(), timeoutMs, () => new NotSent("unreachable"));
      const leftMs = timeoutMs - (performance.now() - startedMs);
      if (leftMs <= 0) throw new NotSent("unreachable");
      try {
        return await within(api.async(connection, ...args), leftMs, () => {
          leave(connection);
          // What was sent before on it may still be answered in its own time.
          setTimeout(() => drop(connection), timeoutMs).unref();
          return new NoAnswer(`no answer within ${timeoutMs} ms`);
        });
      } catch (error) {
        const alert = alerts.get(connection);
        throw alert === undefined ? error : new NotSent("tls-refused", alert);
      }
    },
    close: () => {
      closed = true;
      current = undefined;
      for (const connection of open) drop(connection);
    },
  };
}

function drop(connection: Connection): void {
  void connection.close().catch(() => undefined);
}

async function within<T>(promise: Promise<T>, timeoutMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What the client library is told of a Dial. Without a mechanism SCRAM is spoken, which never shows the password: a broker
 * that does not offer it says what it offers (KIP-43, SaslHandshake).
 */
function securityOf(dial: Dial): Pick<ConnectionOptions, "tls" | "sasl"> {
  const { user, password, tls } = dial;
  // The configuration allows EXTERNAL, which Kafka does not know, for RabbitMQ alone.
  const mechanism = dial.mechanism === "EXTERNAL" ? undefined : dial.mechanism;
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(user === undefined
      ? {}
      : { sasl: { mechanism: mechanism ?? "SCRAM-SHA-512", username: user, password: password ?? "" } }),
  };
}

/** Why a connection could not be made, wherever in the chain of causes that is. */
function reasonOf(error: unknown): NotSentReason {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof AuthenticationError) return "login-refused";
    if ("code" in at && at.code === "ECONNREFUSED") return "refused";
  }
  return tlsFailure(error) === null ? "unreachable" : "tls-refused";
}
