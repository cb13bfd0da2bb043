import { messageOf } from "../../errors.ts";
import { provePairs } from "../pairs.ts";
import type { ConnectivityProof, SystemContext } from "../system.ts";
import type { KafkaPods } from "./brokers.ts";

const timeoutMs = 5000;

/** Has every broker's pod of one side open the other's port, from inside the pods, in both directions. */
export function proveBrokersConnected(
  context: SystemContext,
  pods: KafkaPods,
  left: readonly string[],
  right: readonly string[],
): Promise<ConnectivityProof> {
  return provePairs(left, right, async (from, to) => {
    const { host, port } = pods.inCluster(to);
    // bash is in every image that has Kafka's scripts, which need it; a client of Kafka's takes seconds to start.
    const command = ["timeout", "3", "bash", "-c", "exec 3<>/dev/tcp/$0/$1", host, String(port)];
    try {
      const result = await context.exec(from, command, timeoutMs);
      const detail = result.exitCode === 0 ? "answered" : result.stderr.trim() || `exit code ${result.exitCode}`;
      return { from, to, ok: result.exitCode === 0, detail };
    } catch (error) {
      return { from, to, ok: false, detail: messageOf(error), unasked: true };
    }
  });
}
