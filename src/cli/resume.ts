import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { mayOperate } from "../approvals/authorise.ts";
import { AftershockError } from "../errors.ts";
import { enforce } from "../run/decide.ts";
import { deleteLatch, readLatch } from "../run/halt/latch.ts";
import type { CliCommand } from "./cli-command.ts";
import { clusterOptions, clusterUsage, openNamedCluster } from "./cluster-option.ts";

const usage = `Usage: aftershock resume [--kubeconfig FILE] [--context NAME] [--force]

Lifts what "aftershock halt" set on this cluster; bots and workers that know it follow within seconds. A halt that was
typed in Slack, or set on another cluster, is lifted there: whose it is, and what to type, is said.

${clusterUsage}  --force             lifts also a halt of Slack here; a bot whose database still holds it sets it again

Exit codes: 0 lifted, or nothing was halted; 1 failed or not to be lifted here; 2 wrong usage.
`;

/** `aftershock resume`: lifts the latch of one cluster. */
export const resume: CliCommand = {
  name: "resume",
  summary: "lets runs start again on a cluster after a halt",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({ args: [...args], options: { ...clusterOptions, force: { type: "boolean" } } });
    enforce(mayOperate("resume", userInfo().username));
    const cluster = openNamedCluster(values);
    try {
      const latch = await readLatch(cluster);
      if (latch === null) {
        terminal.out(`Cluster ${cluster.name} is not halted.\n`);
        return 0;
      }
      if (latch.origin === "slack" && values.force !== true) {
        throw new AftershockError(
          "not_allowed",
          `The halt of cluster ${cluster.name} is held by a bot's database: ${latch.by} set it at ${latch.since}.`,
          `Lift it there: ${latch.resume}. If that bot is gone for good: aftershock resume --force`,
        );
      }
      await deleteLatch(cluster, latch);
      terminal.out(`Cluster ${cluster.name} is no longer halted; it was by ${latch.by} since ${latch.since}.\n`);
      if (latch.origin === "slack") terminal.out("A bot whose database still holds it sets it again: /chaos resume\n");
      return 0;
    } finally {
      await cluster.close();
    }
  },
};
