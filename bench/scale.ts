import { parseArgs } from "node:util";
import { launchLab } from "../src/lab/launch.ts";
import { startTestStack } from "../test/support/stack.ts";
import { inChannel, makeChannel } from "./scale/channel.ts";
import { loadText } from "./scale/cost.ts";
import { measureDryRuns } from "./scale/dry-runs.ts";
import { idleText, runLines, type Figure } from "./scale/figures.ts";
import { openMeters } from "./scale/meters.ts";
import { paperLines, type PerRun, perRunOf } from "./scale/paper.ts";
import { lanesOf, measureRealRuns, warmUp } from "./scale/real-runs.ts";
import { figureTable, putBetween } from "./scale/write.ts";

/**
 * What runs cost: many dry runs at once, and real runs on two labs, as many at once as these have targets that do not stand
 * on each other, over a channel for each, with several workers. Processor time, memory, latency, and what PostgreSQL,
 * Redis, Slack and the Kubernetes API get of each run; and what that makes of 10,000 runs a day, on paper.
 * Run: KUBECTL=$(sh deploy/fetch-kubectl.sh) npx tsx bench/scale.ts [--dry 200] [--real 20] [--idle 30] [--workers 2]
 *        [--write docs/scale.md]
 */
const { values } = parseArgs({
  options: {
    dry: { type: "string", default: "200" },
    real: { type: "string", default: "20" },
    // As long as the janitor takes from sweep to sweep.
    idle: { type: "string", default: "30" },
    workers: { type: "string", default: "2" },
    write: { type: "string" },
  },
});

/** What the first use of a system started is over by then. */
const settleMs = 10_000;

const closing: Array<() => void> = [];
const figures: Figure[] = [];
const say = (...found: Array<Omit<Figure, "load">>): void => {
  for (const figure of found) {
    figures.push({ ...figure, load: loadText() });
    console.log(`${figure.what}: ${figure.value}   [${loadText()}]`);
  }
};

const second = await launchLab();
try {
  const stack = await startTestStack({
    lease: "10s",
    configure: (config) => {
      const clusters = config["clusters"] as Record<string, unknown>;
      return { ...config, clusters: { ...clusters, lab2: { kubeconfig: second.kubeconfigPath, context: "lab" } } };
    },
  });
  try {
    const workers = [stack.worker.pid];
    while (workers.length < Number(values.workers)) workers.push((await stack.startWorker()).pid);
    const lanes = await Promise.all(
      lanesOf(["lab", "lab2"]).map(async ({ experiment, cluster }) => {
        const channel = await makeChannel(stack.slack, `${cluster}-${experiment}`);
        return { experiment, cluster, slack: inChannel(stack.slack, channel) };
      }),
    );
    await warmUp(lanes);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const meters = await openMeters(stack, () => workers, [stack.lab.kubeconfigPath, second.kubeconfigPath]);
    closing.push(() => meters.close());
    const before = await meters.read();
    await new Promise((resolve) => setTimeout(resolve, Number(values.idle) * 1000));
    const idle = { before, after: await meters.read() };
    const topology = `1 bot, ${workers.length} workers, 2 clusters`;
    say({ what: `nobody asks for anything; ${topology}; a second`, value: idleText(idle) });
    const where = { postgresUrl: stack.postgres.url, kubeconfig: stack.lab.kubeconfigPath, count: Number(values.dry) };
    say(...(await measureDryRuns(where)));
    let perRun: PerRun | undefined;
    if (Number(values.real) > 0) {
      const runs = await measureRealRuns(lanes, meters, Number(values.real));
      const shape = `${topology}, ${lanes.length} channels`;
      perRun = perRunOf(runs, idle);
      say(...runLines(runs, perRun, shape));
      console.log(paperLines(perRun).join("\n"));
      // A machine so busy that workers lose their runs measures itself; that goes into no page. A run that its guards
      // ended is one of those that the table counts.
      const sound = Object.keys(runs.ended).every((outcome) => / (completed|failed: .*)$/.test(outcome));
      if (!sound && values.write !== undefined) throw new Error("runs were interrupted: nothing is written");
    }
    if (values.write !== undefined) {
      putBetween(values.write, "measured", figureTable(figures));
      if (perRun !== undefined) putBetween(values.write, "paper", paperLines(perRun).join("\n"));
    }
  } finally {
    for (const close of closing) close();
    await stack.stop();
  }
} finally {
  await second.stop();
}
