import { brokerLink, type BrokerLink } from "./broker-link.ts";
import type { KafkaPart, KafkaPods } from "./brokers.ts";

export interface Links {
  /** `lane`: which of several connections to that broker; 0 when not given. */
  (pod: string, lane?: number): BrokerLink;
  close(): void;
}

/** One client's links to the brokers, or to one part of them all, each made when it is first asked for. */
export function linksTo(
  pods: Pick<KafkaPods, "dial">,
  clientId: string,
  connectTimeoutMs = 1000,
  part: KafkaPart = "kafka",
): Links {
  const links = new Map<string, BrokerLink>();
  const linkTo = (pod: string, lane = 0): BrokerLink => {
    const key = `${pod}/${lane}`;
    const known = links.get(key) ?? brokerLink(clientId, () => pods.dial(part, pod), connectTimeoutMs);
    links.set(key, known);
    return known;
  };
  return Object.assign(linkTo, {
    close: () => {
      for (const link of links.values()) link.close();
    },
  });
}
