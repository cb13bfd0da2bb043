import { brokerLink, type BrokerLink } from "./broker-link.ts";
import type { KafkaPods } from "./brokers.ts";

export interface Links {
  (pod: string): BrokerLink;
  close(): void;
}

/** One client's links to the brokers, each made when it is first asked for. */
export function linksTo(pods: KafkaPods, clientId: string, connectTimeoutMs = 1000): Links {
  const links = new Map<string, BrokerLink>();
  const linkTo = (pod: string): BrokerLink => {
    const known = links.get(pod) ?? brokerLink(clientId, () => pods.addressOf(pod), connectTimeoutMs);
    links.set(pod, known);
    return known;
  };
  return Object.assign(linkTo, {
    close: () => {
      for (const link of links.values()) link.close();
    },
  });
}
