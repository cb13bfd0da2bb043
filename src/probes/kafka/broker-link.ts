import { Connection, type API } from "@platformatic/kafka";

export type NotSentReason = "refused" | "unreachable";

/** The request never left: there was no connection, and none could be made in time. */
export class NotSent extends Error {
  readonly reason: NotSentReason;
  constructor(reason: NotSentReason) {
    super(`not sent: ${reason}`);
    this.reason = reason;
  }
}

/** The request was sent, and no answer came in time. */
export class NoAnswer extends Error {}

export interface BrokerAddress {
  host: string;
  port: number;
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
 */
export function brokerLink(clientId: string, address: () => BrokerAddress, connectTimeoutMs: number): BrokerLink {
  const open = new Set<Connection>();
  let current: { connection: Connection; ready: Promise<Connection> } | undefined;
  let failed: { atMs: number; reason: NotSentReason } | undefined;
  const leave = (connection: Connection): void => {
    if (current?.connection === connection) current = undefined;
  };
  const connect = (): Promise<Connection> => {
    const connection = new Connection(clientId, {
      connectTimeout: connectTimeoutMs,
      requestTimeout: neverMs,
      maxInflights: unlimited,
    });
    open.add(connection);
    const gone = (): void => {
      open.delete(connection);
      leave(connection);
    };
    connection.on("error", gone);
    connection.on("close", gone);
    const { host, port } = address();
    const ready = Promise.resolve(connection.connect(host, port)).then(
      () => connection,
      (error: unknown) => {
        gone();
        const reason = codeOf(error) === "ECONNREFUSED" ? "refused" : "unreachable";
        failed = { atMs: performance.now(), reason };
        throw new NotSent(reason);
      },
    );
    current = { connection, ready };
    return ready;
  };
  const connected = (): Promise<Connection> => {
    if (current !== undefined) return current.ready;
    if (failed !== undefined && performance.now() - failed.atMs < backOffMs) {
      return Promise.reject(new NotSent(failed.reason));
    }
    return connect();
  };
  return {
    ask: async (api, args, timeoutMs) => {
      const startedMs = performance.now();
      const connection = await within(connected(), timeoutMs, () => new NotSent("unreachable"));
      const leftMs = timeoutMs - (performance.now() - startedMs);
      if (leftMs <= 0) throw new NotSent("unreachable");
      return await within(api.async(connection, ...args), leftMs, () => {
        leave(connection);
        // What was sent before on it may still be answered in its own time.
        setTimeout(() => drop(connection), timeoutMs).unref();
        return new NoAnswer(`no answer within ${timeoutMs} ms`);
      });
    },
    close: () => {
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

/** The system's code of a failed connection, wherever in the chain of causes it is. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = "code" in at ? String(at.code) : "";
    if (/^E[A-Z]+$/.test(code)) return code;
  }
  return "";
}
