import { z } from "zod";

/** Of which request and which plan the form shows what would be done. */
export interface SeenPlan {
  /** `fingerprint` of the request. */
  request: string;
  /** The plan's digest. */
  digest: string;
}

const schema = z.object({ request: z.string().max(64), digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** What the form carries of itself; null when no plan is shown, or what came is not ours. */
export function readSeen(state: string): SeenPlan | null {
  try {
    return schema.safeParse(JSON.parse(state)).data ?? null;
  } catch {
    return null;
  }
}

export function writeSeen(seen: SeenPlan | null): string {
  return seen === null ? "" : JSON.stringify(seen);
}
