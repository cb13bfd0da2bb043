import { produceV9 } from "@platformatic/kafka";
import { AftershockError } from "../../errors.ts";
import type { BrokerLink } from "./broker-link.ts";
import { brokerError } from "./outcome.ts";

/** So many quick answers in a row, and a leader is warm. */
const quickInARow = 20;
const quickMs = 50;
const deadlineMs = 15_000;
const timeoutMs = 5000;
const acksAll = -1;

/**
 * Writes to a partition that nobody reads until its leader answers quickly, or for a while: a broker that has just
 * started compiles its code with the first writes, and a baseline is to show how it is when it is used. Throws
 * AftershockError `system_unreachable` when the bot may not write there.
 */
export async function warmUp(link: BrokerLink, topic: string, partition: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  let quick = 0;
  while (quick < quickInARow && performance.now() < end) {
    const startedMs = performance.now();
    const record = { topic, partition, value: Buffer.from("warm-up") };
    const acknowledged = await link.ask(produceV9.api, [acksAll, timeoutMs, [record]], timeoutMs).then(
      () => true,
      (error: unknown) => {
        if (brokerError(error) === "TOPIC_AUTHORIZATION_FAILED") throw mayNotWrite(topic);
        return false;
      },
    );
    quick = acknowledged && performance.now() - startedMs < quickMs ? quick + 1 : 0;
    if (!acknowledged) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function mayNotWrite(topic: string): AftershockError {
  return new AftershockError(
    "system_unreachable",
    `The bot may make the topic ${topic}, and not write to it (TOPIC_AUTHORIZATION_FAILED).`,
    "Allow it: kafka-acls.sh --add --allow-principal User:NAME --operation All --topic aftershock- --resource-pattern-type prefixed",
  );
}
