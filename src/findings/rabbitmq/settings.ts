import type { History } from "../../probes/history.ts";
import type { Finding } from "../report.ts";

type Setting = NonNullable<Finding["setting"]>;

/** What is recommended for each setting that explains a finding, and who says so (anchors/consistency-and-failover.md 4.4). */
const recommendations = {
  "x-queue-type": ["quorum, with 3 or 5 members", "RabbitMQ documentation, quorum queues"],
  members: ["3 or 5, an odd number", "RabbitMQ documentation, quorum queues"],
  policy: [
    "quorum queues; before RabbitMQ 4 also ha-mode with ha-sync-mode automatic",
    "RabbitMQ documentation, mirroring",
  ],
  cluster_partition_handling: ["pause_minority, for three nodes or more", "RabbitMQ documentation, network partitions"],
  net_ticktime: ["10 to 20 s, after testing", "RabbitMQ documentation, net ticktime"],
  heartbeat: ["5 to 20 s", "RabbitMQ documentation, heartbeats"],
  "confirms, mandatory and persistent": ["yes, in every publisher", "RabbitMQ documentation, publisher confirms"],
  "consumer acknowledgement": ["manual, and de-duplicate by message id", "RabbitMQ documentation, reliability"],
} as const;

/** The live value of a setting (`member`: a node, a queue's client, or `probes`), with what is recommended for it. */
export function settingOf(history: History, name: keyof typeof recommendations, member?: string): Setting {
  const found = history.settings.find(
    (entry) => entry.name === name && (member === undefined || entry.member === member),
  );
  const [recommended, source] = recommendations[name];
  return { name, value: found?.value ?? "unknown", member: found?.member ?? member ?? "unknown", recommended, source };
}
