import { parseArgs } from "node:util";
import { startStack } from "../src/embedded/stack.ts";
import { measureDryRuns } from "./scale/dry-runs.ts";
import { loadText, measureIdle, measureRealRuns } from "./scale/real-runs.ts";

/**
 * What runs cost: many dry runs at once, and real runs on the lab, as many at once as it has targets that do not stand on
 * each other. Processor time, memory, the commands' latency, and what PostgreSQL and Redis get of each run. The load of the
 * machine is said beside it. The part with real runs has not been run in earnest yet.
 * Run: npx tsx bench/scale.ts [--dry 200] [--real 20] [--idle 20]
 */
const { values } = parseArgs({
  options: {
    dry: { type: "string", default: "200" },
    real: { type: "string", default: "20" },
    idle: { type: "string", default: "20" },
  },
});

const stack = await startStack({ onReady: () => undefined });
try {
  console.log(`started; ${loadText()}`);
  console.log(await measureIdle(stack, Number(values.idle)));
  const where = { postgresUrl: stack.postgres.url, kubeconfig: stack.lab.kubeconfigPath, count: Number(values.dry) };
  for (const line of await measureDryRuns(where)) console.log(line);
  console.log(loadText());
  if (Number(values.real) > 0) for (const line of await measureRealRuns(stack, Number(values.real))) console.log(line);
  console.log(loadText());
} finally {
  await stack.stop();
}
