import { produceV9, type API } from "@platformatic/kafka";
import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { Schedule } from "../schedule.ts";
import { createTally, type Tally } from "../tally.ts";
import type { BrokerLink } from "./broker-link.ts";
import type { KafkaPods } from "./brokers.ts";
import { fetchFrom } from "./fetch.ts";
import { linksTo } from "./links.ts";
import { classifyKafkaError } from "./outcome.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { otherPartition, targetPartition } from "./topic.ts";

/** acks=all: the leader answers when every in-sync replica has the record (Kafka, ProducerConfig). */
const acksAll = -1;

/**
 * A broker takes up one connection's requests one after another, and with acks=all each waits for the replicas. A
 * producer of an application therefore puts what is due meanwhile into one batch; a probe's records travel alone, so that
 * each has an answer of its own, and share several connections.
 */
const connectionsPerProducer = 4;

/** The partition that a client writes or reads. */
export const partitionOf = (client: string): number => (client.startsWith("other") ? otherPartition : targetPartition);

/** A producer and a consumer of each partition: the one whose leader is the target, and one led by another broker. */
export function kafkaClients(ratePerSecond: number, timeoutMs: number): ClientInfo[] {
  const common = { ratePerSecond, timeoutMs };
  const elsewhere = "the partition that another broker leads and the target follows";
  return [
    {
      id: "producer",
      kind: "write",
      title: "Produces with acks=all to the partition that the target leads",
      ...common,
    },
    { id: "other-producer", kind: "write", title: `Produces with acks=all to ${elsewhere}`, ...common },
    { id: "consumer", kind: "read", reads: "producer", title: "Consumes what producer writes", ...common },
    {
      id: "other-consumer",
      kind: "read",
      reads: "other-producer",
      title: `Consumes ${elsewhere}`,
      ...common,
    },
  ];
}

/** Who leads now, as the brokers' metadata says. */
export interface Leaders {
  leaderOf(partition: number): string | null;
  /** Asks for newer metadata soon; a client calls it after each failure, as Kafka's own do. */
  refresh(): void;
}

export interface KafkaClient {
  info: ClientInfo;
  tally: Tally;
  member(): string | null;
  begin(): Schedule;
  close(): void;
}

interface ClientOptions {
  info: ClientInfo;
  topic: string;
  pods: KafkaPods;
  leaders: Leaders;
  recorder: Recorder;
}

/** A client that always goes to the leader that the metadata names. Nothing is ever sent twice. */
export function kafkaClient(options: ClientOptions): KafkaClient {
  const { info, topic, pods, leaders, recorder } = options;
  const partition = partitionOf(info.id);
  const tally = createTally(info.id, info.kind);
  const linkTo = linksTo(pods, `aftershock-${info.id}`, Math.min(1000, info.timeoutMs));
  const lanes = info.kind === "write" ? connectionsPerProducer : 1;
  const consumed = { position: 0, seen: 0 };
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const leader = leaders.leaderOf(partition);
    const startMs = recorder.now();
    const operation = { type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, startMs } as const;
    if (leader === null) {
      leaders.refresh();
      return book({ ...operation, endMs: startMs, outcome: "fail", error: "no-leader" });
    }
    const member = leader;
    const link = linkTo(leader, index % lanes);
    try {
      const found =
        info.kind === "write"
          ? { offset: await produce(link, info, topic, operation.seq) }
          : { seen: await consume(link, info, topic, consumed) };
      book({ ...operation, member, endMs: recorder.now(), outcome: "ok", ...found });
    } catch (error) {
      leaders.refresh();
      const judged = classifyKafkaError(error);
      const outcome = info.kind === "read" ? "fail" : judged.outcome;
      book({ ...operation, member, endMs: recorder.now(), outcome, error: judged.error });
    }
  };
  return {
    info,
    tally,
    member: () => leaders.leaderOf(partition),
    begin: () => startClientSchedule({ info, now: recorder.now, send, book }),
    close: () => linkTo.close(),
  };
}

type Produce = API<Parameters<typeof produceV9.createRequest>, Awaited<ReturnType<typeof produceV9.api.async>>>;

/** One record in a batch of its own. Returns its offset. The broker waits for its replicas no longer than the client. */
async function produce(link: BrokerLink, { id, timeoutMs }: ClientInfo, topic: string, seq: number): Promise<number> {
  const message = { topic, partition: partitionOf(id), key: Buffer.from(id), value: encodeRecord(id, seq) };
  const answer = await link.ask(produceV9.api as Produce, [acksAll, timeoutMs, [message]], timeoutMs);
  const offset = typeof answer === "object" ? answer.responses[0]?.partitionResponses[0]?.baseOffset : undefined;
  if (offset === undefined || offset < 0n) throw new Error("acknowledged without an offset");
  return Number(offset);
}

/** Reads on from where this consumer is. Returns the highest number that it has seen so far. */
async function consume(
  link: BrokerLink,
  { reads = "", id, timeoutMs }: ClientInfo,
  topic: string,
  consumed: { position: number; seen: number },
): Promise<number> {
  const at = { topic, partition: partitionOf(id), offset: consumed.position };
  const { records } = await fetchFrom(link, at, timeoutMs);
  for (const { offset, value } of records) {
    // Several fetches may be under way from one position.
    if (offset < consumed.position) continue;
    consumed.position = offset + 1;
    consumed.seen = Math.max(consumed.seen, decodeRecord(reads, value) ?? 0);
  }
  return consumed.seen;
}
