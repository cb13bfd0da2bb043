import type { ConnectivityProof } from "./system.ts";

type Pair = ConnectivityProof["pairs"][number];

/** Tries every pair of the two groups, in both directions and all at once. Without a pair nothing is proven. */
export async function provePairs(
  left: readonly string[],
  right: readonly string[],
  reach: (from: string, to: string) => Promise<Pair>,
): Promise<ConnectivityProof> {
  const pairs = await Promise.all(left.flatMap((a) => right.flatMap((b) => [reach(a, b), reach(b, a)])));
  return { ok: pairs.length > 0 && pairs.every((pair) => pair.ok), pairs };
}
