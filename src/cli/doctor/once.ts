import { messageOf } from "../../errors.ts";

/** What was learnt of something outside, or why nothing was. */
export type Learnt<T> = { ok: true; value: T } | { ok: false; why: string; error: unknown };

/** Asks once, when first wanted, and gives everybody the same answer; never rejects. */
export function once<T>(ask: () => Promise<T>): () => Promise<Learnt<T>> {
  let asked: Promise<Learnt<T>> | undefined;
  return () =>
    (asked ??= (async (): Promise<Learnt<T>> => {
      try {
        return { ok: true, value: await ask() };
      } catch (error) {
        return { ok: false, why: whyOf(error), error };
      }
    })());
}

/** A host with several addresses fails with one error for each, and no message of its own (Node's net). */
export function whyOf(error: unknown): string {
  if (!(error instanceof AggregateError)) return messageOf(error);
  return [...new Set(error.errors.map(messageOf))].join("; ");
}

/** `work` on each, so many at a time, in order. */
export async function eachLimited<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}
