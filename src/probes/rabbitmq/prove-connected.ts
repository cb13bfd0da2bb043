import { messageOf } from "../../errors.ts";
import { provePairs } from "../pairs.ts";
import type { ConnectivityProof, SystemContext } from "../system.ts";
import { containerOf, type RabbitNodes } from "./nodes.ts";

const timeoutMs = 10_000;

/** Has every pod of one side ask the nodes of the other, over the nodes' own protocol, in both directions. */
export function proveNodesConnected(
  context: Pick<SystemContext, "exec">,
  nodes: Pick<RabbitNodes, "pods" | "nodeOf">,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  return provePairs(left, right, async (from, to) => {
    try {
      const command = ["rabbitmq-diagnostics", ...addressedTo(await nodes.nodeOf(to)), "--timeout", "5", "ping"];
      const result = await context.exec(from, command, timeoutMs, containerOf(nodes.pods, from));
      const detail =
        result.exitCode === 0 ? "answered" : result.stderr.trim().slice(0, 200) || `exit code ${result.exitCode}`;
      return { from, to, ok: result.exitCode === 0, detail };
    } catch (error) {
      return { from, to, ok: false, detail: messageOf(error), unasked: true };
    }
  });
}

/**
 * The arguments with which a command of RabbitMQ asks another node than its own. Erlang takes a host with a dot for a long
 * name and one without for a short one, and a command that runs with names of the other kind reaches nobody (Erlang/OTP,
 * distributed Erlang, "Nodes"; RabbitMQ CLI, `--longnames`).
 */
export function addressedTo(node: string): string[] {
  const host = node.slice(node.indexOf("@") + 1);
  return [...(host.includes(".") ? ["--longnames"] : []), "--node", node];
}
