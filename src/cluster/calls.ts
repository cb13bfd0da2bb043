import type { ApiType, Configuration } from "@kubernetes/client-node";
import { apiProblem, clusterError } from "./api-errors.ts";
import type { Connection } from "./connection.ts";
import { persist, type Patience, type Try } from "./persist.ts";
import type { KubernetesObject } from "./port.ts";

type Api<T> = new (configuration: Configuration) => T;

/** Longest that a kind of call takes, whatever the server does; within it a call without an answer is made again. */
export interface Deadlines {
  call: Pick<Patience, "totalMs" | "tryMs">;
  /** Listing pods may take longer: the lab starts a system when its namespace is first asked for. */
  list: Pick<Patience, "totalMs" | "tryMs">;
}

export const defaultDeadlines: Deadlines = {
  call: { totalMs: 10_000, tryMs: 4000 },
  list: { totalMs: 35_000, tryMs: 12_000 },
};

/**
 * How everything but exec reaches the API server: each try with a deadline, tried again while there is time (see
 * `persist`), and what went wrong put in words as AftershockError `cluster_refused` or `cluster_unreachable`.
 */
export interface Calls {
  readonly deadlines: Deadlines;
  ask<A extends ApiType, T>(
    type: Api<A>,
    what: string,
    work: (api: A, attempt: Try) => Promise<T>,
    patience?: Partial<Patience>,
  ): Promise<T>;
  /** The same for one object; null when there is none (404). */
  find<A extends ApiType, T>(
    type: Api<A>,
    what: string,
    work: (api: A, attempt: Try) => Promise<T>,
    patience?: Partial<Patience>,
  ): Promise<T | null>;
  /**
   * Creates an object under its fixed name, at most once. After a lost answer it looks for the object by name first;
   * what is there with the same run label is our own. Another one of that name is `cluster_refused`.
   */
  createOwn<A extends ApiType>(
    type: Api<A>,
    what: string,
    object: OwnObject<A>,
    signal?: AbortSignal,
  ): Promise<KubernetesObject>;
}

export interface OwnObject<A> {
  create: (api: A) => Promise<KubernetesObject>;
  /** Null when there is none. */
  find: (api: A) => Promise<KubernetesObject>;
  isOurs: (found: KubernetesObject) => boolean;
}

export function createCalls(cluster: string, connection: Connection, deadlines = defaultDeadlines): Calls {
  const ask: Calls["ask"] = async (type, what, work, patience) => {
    try {
      return await persist((attempt) => work(connection.api(type, attempt.signal), attempt), {
        ...deadlines.call,
        ...patience,
      });
    } catch (error) {
      throw clusterError(cluster, what, error);
    }
  };
  return {
    deadlines,
    ask,
    find: (type, what, work, patience) => ask(type, what, async (api, attempt) => orNull(work(api, attempt)), patience),
    createOwn: (type, what, { create, find, isOurs }, signal) =>
      ask(
        type,
        what,
        async (api, { unsure }) => {
          const before = unsure ? await orNull(find(api)) : null;
          if (before !== null && isOurs(before)) return before;
          try {
            return await create(api);
          } catch (error) {
            if (apiProblem(error).status !== 409) throw error;
            const found = await orNull(find(api));
            if (found !== null && isOurs(found)) return found;
            // Somebody else's. With nothing of that name (a cache may be behind) the 409 is only worth another try.
            throw found === null ? error : clusterError(cluster, what, error);
          }
        },
        { ...(signal === undefined ? {} : { signal }), alsoAgain: [409] },
      ),
  };
}

async function orNull<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (apiProblem(error).status === 404) return null;
    throw error;
  }
}
