import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metadataV12, produceV9 } from "@platformatic/kafka";
import { brokerLink, NoAnswer, NotSent, type BrokerLink } from "../../src/probes/kafka/broker-link.ts";
import { fetchFrom } from "../../src/probes/kafka/fetch.ts";
import { classifyKafkaError } from "../../src/probes/kafka/outcome.ts";
import { decodeRecord, encodeRecord } from "../../src/probes/kafka/record.ts";
import { readBrokerSettings } from "../../src/probes/kafka/settings.ts";
import { createTopic, deleteTopic } from "../../src/probes/kafka/topic.ts";
import { makeBroker, type TestBroker } from "../support/kafka-broker.ts";
import { kafkaHere, whySkipped } from "../support/kafka.ts";
import { waitFor } from "../support/stack.ts";

const kafka = kafkaHere();
const patientMs = 10_000;

describe.skipIf("missing" in kafka)(`a link to a real broker${whySkipped(kafka)}`, () => {
  let broker: TestBroker;
  let link: BrokerLink;
  const topic = "probe";
  const known = (l: BrokerLink, timeoutMs = patientMs) => l.ask(metadataV12.api, [[], false, false], timeoutMs);
  const produce = (value: Buffer, name = topic, timeoutMs = patientMs) =>
    link.ask(produceV9.api, [-1, timeoutMs, [{ topic: name, partition: 0, value }]], timeoutMs);
  const serves = () =>
    waitFor(
      () => fetchFrom(link, { topic, partition: 0, offset: 0 }, 1000).catch(() => null),
      (answer) => answer !== null,
      30_000,
    );

  beforeAll(async () => {
    if ("missing" in kafka) return;
    broker = await makeBroker(kafka.folder);
    broker.start();
    link = brokerLink("test", async () => ({ host: "127.0.0.1", port: broker.port }), 1000);
    await waitFor(
      () => known(link, 1000).catch(() => null),
      (answer) => answer?.brokers.length === 1,
      40_000,
    );
    await createTopic(link, topic, { target: 0, others: [] }, null);
    await serves();
  });
  afterAll(async () => {
    link?.close();
    await broker?.stop();
  });

  it("gives each record its offset, and reads it back", async () => {
    for (const seq of [1, 2, 3]) await produce(encodeRecord("producer", seq));
    const { records, highWatermark } = await fetchFrom(link, { topic, partition: 0, offset: 1 }, patientMs);
    expect(highWatermark).toBe(3);
    expect(records.map(({ offset, value }) => [offset, decodeRecord("producer", value)])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
  it("tells refusals by the broker's own names", async () => {
    const large = await produce(Buffer.alloc(5000)).catch((error: unknown) => classifyKafkaError(error));
    expect(large).toEqual({ outcome: "fail", error: "MESSAGE_TOO_LARGE" });
    await expect(createTopic(link, topic, { target: 0, others: [] }, null)).rejects.toThrow(/TOPIC_ALREADY_EXISTS/);
    await createTopic(link, "short-lived", { target: 0, others: [] }, "1");
    await deleteTopic(link, "short-lived");
    await expect(deleteTopic(link, "short-lived")).rejects.toThrow();
  });
  it("reads live settings", async () => {
    expect(await readBrokerSettings(link, 0)).toMatchObject({
      "min.insync.replicas": "1",
      "broker.session.timeout.ms": "9000",
    });
  });
  it("keeps its own deadline on a broker that is stopped, and is of use again when it goes on", async () => {
    await broker.signal("SIGSTOP");
    const startedMs = performance.now();
    try {
      const late = await Promise.allSettled([1, 2, 3].map(() => produce(encodeRecord("producer", 9), topic, 500)));
      expect(late.map((write) => write.status === "rejected" && write.reason instanceof NoAnswer)).toEqual([
        true,
        true,
        true,
      ]);
      expect(performance.now() - startedMs).toBeLessThan(patientMs);
      // The kernel accepts for a stopped broker, so a new connection is made and waits as well.
      await expect(known(link, 500)).rejects.toThrow(NoAnswer);
    } finally {
      await broker.signal("SIGCONT");
    }
    expect((await known(link)).brokers).toHaveLength(1);
    expect((await fetchFrom(link, { topic, partition: 0, offset: 0 }, patientMs)).records.length).toBeGreaterThan(2);
  });
  it("tells what was under way from what never left when the broker is killed", async () => {
    await broker.signal("SIGSTOP");
    const waiting = produce(encodeRecord("producer", 10)).catch((error: unknown) => classifyKafkaError(error));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await broker.signal("SIGKILL");
    expect(await waiting).toEqual({ outcome: "unknown", error: "connection-lost" });
    // A connection that was accepted in the process's last moment ends otherwise; the next one is refused.
    const refused = (error: unknown): boolean => error instanceof NotSent && error.reason === "refused";
    await waitFor(() => known(link, 1000).catch((error: unknown) => error), refused, 5000);
    broker.start();
    await serves();
    expect((await known(link)).brokers).toHaveLength(1);
  });
});
