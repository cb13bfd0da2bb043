import { wholeNumber } from "../figure.ts";
import { addToRanges } from "../fold.ts";
import type { FinalRead } from "../history.ts";
import { withConnection } from "./connection.ts";
import { keyOf } from "./clients.ts";
import type { RedisPods } from "./pods.ts";
import { agreedMaster, viewMembers, viewSentinels } from "./views.ts";

const timeoutMs = 5000;
const chunk = 10_000;

/** Reads every write client's whole list from every member. */
export async function readEverything(
  pods: RedisPods,
  runId: string,
  writeClients: readonly string[],
  now: () => number,
): Promise<FinalRead[]> {
  const [members, sentinels] = await Promise.all([viewMembers(pods, timeoutMs), viewSentinels(pods, timeoutMs)]);
  const agreed = agreedMaster(sentinels);
  return Promise.all(
    members.flatMap((member) =>
      writeClients.map(async (client): Promise<FinalRead> => {
        const read = {
          type: "final-read",
          member: member.pod,
          client,
          role: member.role ?? "unknown",
          authoritative: member.pod === agreed && member.role === "master",
        } as const;
        try {
          const ranges = await withConnection(pods.dial("redis", member.pod), timeoutMs, (redis) =>
            foldList(async (from) => redis.lrange(keyOf(runId, client), from, from + chunk - 1)),
          );
          return { ...read, atMs: now(), ranges };
        } catch (error) {
          return { ...read, atMs: now(), ranges: [], error: error instanceof Error ? error.message : String(error) };
        }
      }),
    ),
  );
}

/** Folds a list, read in pieces, into runs of consecutive numbers in stored order. */
export async function foldList(piece: (from: number) => Promise<string[]>): Promise<Array<[number, number]>> {
  const ranges: Array<[number, number]> = [];
  for (let from = 0; ; from += chunk) {
    const values = await piece(from);
    for (const text of values) {
      const value = wholeNumber(text) ?? Number.NaN;
      // The element that the list was made with; no write has the number 0.
      if (value === 0) continue;
      addToRanges(ranges, value);
    }
    if (values.length < chunk) return ranges;
  }
}
