import { fetchV12 } from "@platformatic/kafka";
import type { BrokerLink } from "./broker-link.ts";

const mostBytes = 1024 * 1024;
/** read_uncommitted: the probes use no transactions, so both levels see the same. */
const isolation = 0;
/** No epoch: the broker does not compare what the client believes of the leader. */
const anyEpoch = -1;

export interface Fetched {
  /** In the order of their offsets; from the offset that was asked for on. */
  records: Array<{ offset: number; value: Buffer | null }>;
  /** Consumers see what is below: every in-sync replica has it. */
  highWatermark: number;
  logStartOffset: number;
}

/**
 * Reads from one broker's own copy of a partition, leader or not: since Kafka 2.4 a follower answers consumers too
 * (KIP-392), up to the high watermark that it knows. Answers at once, also with nothing.
 */
export async function fetchFrom(
  link: BrokerLink,
  at: { topic: string; partition: number; offset: number },
  timeoutMs: number,
): Promise<Fetched> {
  const partition = {
    partition: at.partition,
    currentLeaderEpoch: anyEpoch,
    fetchOffset: BigInt(at.offset),
    lastFetchedEpoch: anyEpoch,
    partitionMaxBytes: mostBytes,
  };
  // Version 12 names topics; the library's type calls that name an id, as later versions do.
  const wanted = [{ topicId: at.topic, partitions: [partition] }];
  const answer = await link.ask(fetchV12.api, [0, 0, mostBytes, isolation, 0, -1, wanted, [], ""], timeoutMs);
  const found = answer.responses[0]?.partitions[0];
  return {
    records: (found?.records ?? []).flatMap((batch) =>
      batch.records
        .map(({ offsetDelta, value }) => ({ offset: Number(batch.firstOffset) + offsetDelta, value }))
        // A batch is sent whole, also where it begins before the offset that was asked for.
        .filter(({ offset }) => offset >= at.offset),
    ),
    highWatermark: Number(found?.highWatermark ?? -1),
    logStartOffset: Number(found?.logStartOffset ?? 0),
  };
}
