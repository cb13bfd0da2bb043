import type { Cluster } from "../../cluster/port.ts";
import type { HealDeadlines } from "../faults/fault-kind.ts";
import { faultKindOf } from "../faults/table.ts";
import { pause } from "../wait.ts";
import { findOwnObjects, type OwnObject } from "./own-objects.ts";

/** What became of one object. */
export interface Healed {
  object: OwnObject;
  ok: boolean;
  detail: string;
  tookMs: number;
}

/** Removes these, each with its deadlines, all at once. Never rejects for one that stays: it is not `ok`. */
export function healObjects(
  objects: readonly OwnObject[],
  tools: { cluster: Cluster; signal: AbortSignal },
  deadlines: HealDeadlines,
): Promise<Healed[]> {
  return Promise.all(
    objects.map(async (object): Promise<Healed> => {
      const startedAt = performance.now();
      const { ok, detail } = await faultKindOf(object.fault.kind).remove(object.fault, tools, deadlines);
      return { object, ok, detail, tookMs: performance.now() - startedAt };
    }),
  );
}

/** Quiet for this long means that nobody creates anything any more: workers look at the latch just before they do. */
const quietMs = 2000;
const longestMs = 60_000;

/**
 * Heals everything with our mark until nothing is left and nothing comes for two seconds: a worker that looked at the
 * latch just before it was set may still create something. Ends after a minute with what stays.
 */
export async function healUntilQuiet(
  tools: { cluster: Cluster; signal: AbortSignal },
  deadlines: HealDeadlines,
  onHealed: (healed: Healed) => void,
): Promise<{ healed: Healed[]; notSeen: string[] }> {
  const all = new Map<string, Healed>();
  const end = performance.now() + longestMs;
  let quietSince = performance.now();
  for (;;) {
    const found = await findOwnObjects(tools.cluster, tools.signal).catch((error: unknown) => {
      // One lost answer must not end it; a cluster that stays away does.
      if (performance.now() > end) throw error;
      return null;
    });
    if (found === null) {
      quietSince = performance.now();
      await pause(500, tools.signal);
      continue;
    }
    const { objects, notSeen } = found;
    // What stayed once stays: its deadlines are over, and a person must look.
    const fresh = objects.filter(({ key }) => all.get(key)?.ok !== false);
    for (const healed of await healObjects(fresh, tools, deadlines)) {
      all.set(healed.object.key, healed);
      onHealed(healed);
    }
    if (fresh.length > 0) quietSince = performance.now();
    if (performance.now() - quietSince >= quietMs || performance.now() > end) {
      return { healed: [...all.values()], notSeen };
    }
    await pause(250, tools.signal);
  }
}
