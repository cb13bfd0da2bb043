import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { parseArgs } from "node:util";
import { mayOperate } from "../approvals/authorise.ts";
import { defaultHealDeadlines } from "../run/heal.ts";
import { latchName, latchNamespace, readLatch, writeLatch } from "../run/halt/latch.ts";
import { healUntilQuiet } from "../run/leftovers/heal-objects.ts";
import type { Cluster } from "../cluster/port.ts";
import { messageOf } from "../errors.ts";
import { enforce } from "../run/decide.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";
import { clusterOptions, clusterUsage, openNamedCluster } from "./cluster-option.ts";
import { healedLine, healExitCode, healSummary, secondsText } from "./heal-report.ts";

const usage = `Usage: aftershock halt [--kubeconfig FILE] [--context NAME] [--reason TEXT]

Stops everything on a cluster, with nothing but a kubeconfig: sets the latch (ConfigMap ${latchName} in namespace
${latchNamespace}), which every bot and worker obeys that knows this cluster, and removes every fault that carries
Aftershock's label, whoever lives. Nothing is injected until "aftershock resume", or /chaos resume.

${clusterUsage}  --reason TEXT       what people are told

Exit codes: 0 halted and healed, 1 the latch could not be set or the cluster not be reached, 2 wrong usage, 3 something stays or could not be
looked at.
`;

/** `aftershock halt`: the twin of `/chaos halt` for when there is nothing but a kubeconfig. */
export const halt: CliCommand = {
  name: "halt",
  summary: "stops and heals everything on a cluster; needs nothing but a kubeconfig",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({ args: [...args], options: { ...clusterOptions, reason: { type: "string" } } });
    enforce(mayOperate("halt", userInfo().username));
    const cluster = openNamedCluster(values);
    const startedAt = performance.now();
    const { signal } = new AbortController();
    try {
      const problem = await setLatch(cluster, values.reason ?? null, terminal).catch(messageOf);
      let lastMs = performance.now() - startedAt;
      const { healed, notSeen } = await healUntilQuiet({ cluster, signal }, defaultHealDeadlines, (one) => {
        if (one.ok) lastMs = performance.now() - startedAt;
        terminal.out(healedLine(one));
      });
      terminal.out(healSummary({ healed, left: [], notSeen, tookMs: lastMs }));
      if (problem !== null) {
        terminal.err(`NOT HALTED: the latch could not be set, and workers may inject again. ${problem}\n`);
        terminal.err(`Set it by hand: kubectl create configmap ${latchName} -n ${latchNamespace}\n`);
        return 1;
      }
      terminal.out("Nothing is injected here until: aftershock resume, or /chaos resume\n");
      return healExitCode(healed, notSeen);
    } finally {
      await cluster.close();
    }
  },
};

async function setLatch(cluster: Cluster, reason: string | null, terminal: Terminal): Promise<null> {
  const startedAt = performance.now();
  const wrote = await writeLatch(cluster, {
    latch: randomUUID(),
    by: `${userInfo().username}@${hostname()}`,
    reason,
    since: new Date().toISOString(),
    origin: "command-line",
    resume: "aftershock resume, or /chaos resume",
  });
  if (wrote === "created") {
    terminal.out(`Cluster ${cluster.name} is halted after ${secondsText(performance.now() - startedAt)}.\n`);
    return null;
  }
  const held = await readLatch(cluster);
  terminal.out(`Cluster ${cluster.name} was halted before, by ${held?.by ?? "somebody"} at ${held?.since ?? "?"}.\n`);
  return null;
}
