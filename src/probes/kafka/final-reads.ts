import { messageOf } from "../../errors.ts";
import { addToRanges } from "../fold.ts";
import type { FinalRead } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { BrokerLink } from "./broker-link.ts";
import { partitionOf } from "./clients.ts";
import { fetchFrom } from "./fetch.ts";
import { decodeRecord } from "./record.ts";

const fetchTimeoutMs = 5000;
/** A follower learns of the last high watermark with its next fetch from the leader, half a second later at most. */
const levelDeadlineMs = 10_000;
const lookEveryMs = 100;

export interface ReplicaToRead {
  pod: string;
  link: BrokerLink;
  role: "leader" | "follower";
}

/**
 * Reads every write client's partition from the first offset on, from every broker's own copy, up to the high watermark
 * of its leader. `replica-log` on the timeline says what was there besides: records, damaged ones, gaps in the offsets.
 * A copy that does not come up to the leader's high watermark in time is an error of that read.
 */
export async function readReplicas(
  topic: string,
  writers: readonly string[],
  replicasOf: (partition: number) => readonly ReplicaToRead[],
  recorder: Recorder,
): Promise<FinalRead[]> {
  const perWriter = await Promise.all(
    writers.map(async (client) => {
      const replicas = replicasOf(partitionOf(client));
      const leader = replicas.find((replica) => replica.role === "leader");
      const end = leader === undefined ? null : await endOf(leader.link, topic, partitionOf(client));
      return Promise.all(replicas.map((replica) => readReplica(topic, client, replica, end, recorder)));
    }),
  );
  return perWriter.flat();
}

async function endOf(link: BrokerLink, topic: string, partition: number): Promise<number | null> {
  try {
    return (await fetchFrom(link, { topic, partition, offset: 0 }, fetchTimeoutMs)).highWatermark;
  } catch {
    return null;
  }
}

async function readReplica(
  topic: string,
  client: string,
  { pod, link, role }: ReplicaToRead,
  end: number | null,
  recorder: Recorder,
): Promise<FinalRead> {
  const read = { type: "final-read", member: pod, client, role, authoritative: role === "leader" } as const;
  const ranges: FinalRead["ranges"] = [];
  const log = { partition: partitionOf(client), records: 0, damaged: 0, gaps: 0, firstOffset: -1, endOffset: 0 };
  let problem = end === null ? "the leader's high watermark is not known" : undefined;
  const deadlineMs = recorder.now() + levelDeadlineMs;
  try {
    while (end !== null && log.endOffset < end) {
      const { records } = await fetchFrom(
        link,
        { topic, partition: log.partition, offset: log.endOffset },
        fetchTimeoutMs,
      );
      for (const { offset, value } of records) {
        if (log.firstOffset === -1) log.firstOffset = offset;
        else if (offset !== log.endOffset) log.gaps += 1;
        log.endOffset = offset + 1;
        log.records += 1;
        const seq = decodeRecord(client, value);
        if (seq === null) log.damaged += 1;
        else addToRanges(ranges, seq);
      }
      if (records.length > 0) continue;
      if (recorder.now() > deadlineMs) {
        problem = `its log ends at offset ${log.endOffset}, the leader's at ${end}`;
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  } catch (error) {
    problem = messageOf(error);
  }
  const atMs = recorder.now();
  recorder.event({ atMs, source: pod, event: "replica-log", detail: { client, role, ...log } });
  return { ...read, atMs, ranges, ...(problem === undefined ? {} : { error: problem }) };
}
