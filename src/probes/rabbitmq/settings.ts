import { textOf } from "../figure.ts";
import type { Setting } from "../history.ts";
import { record, type NodeView, type RabbitNodes } from "./nodes.ts";

/** Where `rabbitmqctl environment` has the settings that findings are tied to: application, name, and our word for it. */
const wanted: ReadonlyArray<[application: string, key: string, name: string]> = [
  ["rabbit", "cluster_partition_handling", "cluster_partition_handling"],
  ["kernel", "net_ticktime", "net_ticktime"],
  ["rabbit", "heartbeat", "heartbeat"],
  ["rabbit", "vm_memory_high_watermark", "vm_memory_high_watermark"],
  ["rabbit", "disk_free_limit", "disk_free_limit"],
];

/** Effective settings of every node that answers, from the running node itself. */
export async function readNodeSettings(nodes: RabbitNodes, views: readonly NodeView[]): Promise<Setting[]> {
  const perNode = await Promise.all(
    nodes.pods.map(async ({ name }): Promise<Setting[]> => {
      const version = views.find((view) => view.pod === name)?.version ?? null;
      const text = await nodes.run(name, "rabbitmqctl", ["environment", "--formatter", "json"]).catch(() => "{}");
      return [
        ...(version === null ? [] : [{ type: "setting", member: name, name: "version", value: version } as const]),
        ...readEnvironment(name, text),
      ];
    }),
  );
  return perNode.flat();
}

/** Reads `rabbitmqctl environment --formatter json`; what is not there is left out. */
export function readEnvironment(member: string, text: string): Setting[] {
  let environment: Record<string, unknown>;
  try {
    environment = record(JSON.parse(text));
  } catch {
    return [];
  }
  return wanted.flatMap(([application, key, name]) => {
    const value = record(environment[application])[key];
    if (value === undefined || value === null) return [];
    return [
      {
        type: "setting" as const,
        member,
        name,
        value: textOf(value) ?? JSON.stringify(value),
      },
    ];
  });
}
