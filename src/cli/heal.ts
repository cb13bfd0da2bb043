import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { mayOperate } from "../approvals/authorise.ts";
import type { Cluster } from "../cluster/port.ts";
import { messageOf } from "../errors.ts";
import { enforce } from "../run/decide.ts";
import { defaultHealDeadlines } from "../run/heal.ts";
import { healObjects } from "../run/leftovers/heal-objects.ts";
import { judgeLeftover, type RunFacts } from "../run/leftovers/judge-leftover.ts";
import { findOwnObjects, type OwnObject } from "../run/leftovers/own-objects.ts";
import { openDatabase } from "../store/database.ts";
import { runFacts } from "../store/run-facts.ts";
import type { CliCommand, Terminal } from "./cli-command.ts";
import { clusterOptions, clusterUsage, openNamedCluster } from "./cluster-option.ts";
import { healedLine, healExitCode, healSummary, leftLines } from "./heal-report.ts";

const usage = `Usage: aftershock heal [--kubeconfig FILE] [--context NAME] [--all] [--dry-run]

Finds everything that carries Aftershock's label, in all namespaces: chaos objects, pods to restore into, cordoned nodes.
Removes what no run wants any more, waits until it is gone, and says what is left.

${clusterUsage}  --all               also what a run may still want; first: aftershock halt
  --dry-run           says what would be done and touches nothing

Whether a run still wants something: with DATABASE_URL in the environment the bot's database says so. Without it, only
what is past its own end counts as left over (an object's duration, a cordon's lease); the rest is named and left alone.
Exit codes: 0 done, 1 the cluster could not be reached, 2 wrong usage, 3 something stays or could not be looked at.
`;

/** `aftershock heal`: removes what runs left behind, with nothing but a kubeconfig. */
export const heal: CliCommand = {
  name: "heal",
  summary: "removes faults that runs left on a cluster; needs nothing but a kubeconfig",
  usage,
  run: async (args, terminal) => {
    const { values } = parseArgs({
      args: [...args],
      options: { ...clusterOptions, all: { type: "boolean" }, "dry-run": { type: "boolean" } },
    });
    enforce(mayOperate("heal", userInfo().username));
    const cluster = openNamedCluster(values);
    try {
      return await healOn(cluster, terminal, { all: values.all === true, dryRun: values["dry-run"] === true });
    } finally {
      await cluster.close();
    }
  },
};

async function healOn(cluster: Cluster, terminal: Terminal, asked: { all: boolean; dryRun: boolean }): Promise<number> {
  const startedAt = performance.now();
  const { signal } = new AbortController();
  const { objects, notSeen } = await findOwnObjects(cluster, signal);
  const facts = asked.all ? null : await factsOf(objects, terminal);
  const judged = objects.map((object, at) => {
    // One look only: what only a second look would settle is left alone.
    const now = { atMs: Date.now(), seenForMs: 0, graceMs: Infinity };
    return {
      object,
      ...(asked.all ? { orphan: true, why: "all" } : judgeLeftover(object, facts?.[at] ?? null, now)),
    };
  });
  const orphans = judged.filter(({ orphan }) => orphan);
  const left = judged.filter(({ orphan }) => !orphan);
  terminal.out(`Cluster ${cluster.name}: ${thereText(objects.length)}\n`);
  if (objects.length === 0) {
    for (const sentence of notSeen) terminal.out(`  unknown  ${sentence}\n`);
    return healExitCode([], notSeen);
  }
  if (asked.dryRun) {
    for (const { object, why } of orphans) terminal.out(`  would heal  ${object.what} of ${object.run}: ${why}\n`);
    terminal.out(leftLines(left, notSeen));
    terminal.out("Nothing was touched.\n");
    return healExitCode([], notSeen);
  }
  const healed = await healObjects(
    orphans.map(({ object }) => object),
    { cluster, signal },
    defaultHealDeadlines,
  );
  for (const one of healed) terminal.out(healedLine(one));
  terminal.out(healSummary({ healed, left, notSeen, tookMs: performance.now() - startedAt }));
  return healExitCode(healed, notSeen);
}

function thereText(count: number): string {
  if (count === 0) return "Nothing of Aftershock's is there.";
  return count === 1 ? "One object of Aftershock's is there." : `${count} objects of Aftershock's are there.`;
}

/** What the bot's database says of their runs; null where there is none to ask, or it does not answer. */
async function factsOf(objects: readonly OwnObject[], terminal: Terminal): Promise<readonly RunFacts[] | null> {
  const url = terminal.env["DATABASE_URL"];
  if (url === undefined || url === "") return null;
  const database = openDatabase(url, () => undefined);
  try {
    return await runFacts(
      database,
      objects.map(({ run, fault: { kind, name, namespace } }) => ({ run, kind, name, namespace })),
    );
  } catch (error) {
    terminal.err(`The database cannot be asked (${messageOf(error)}); judged by what the objects themselves say.\n`);
    return null;
  } finally {
    await database.end().catch(() => undefined);
  }
}
