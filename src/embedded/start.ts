import { parseArgs } from "node:util";
import { AftershockError, isAftershockError } from "../errors.ts";
import { watchInterrupts } from "./interrupt.ts";
import { withLabTargets } from "./lab-targets.ts";
import { startStack, type Stack } from "./stack.ts";

const usage = `Usage: npm start -- [options]

Starts everything on this machine (Redis and Sentinel in the lab, a local Slack, bot, worker) and stays. Open the page
it prints, type /chaos run redis-split-brain in #chaos, choose another person under "Act as" at the top right, and click Approve.
Ctrl-C heals what is under way and leaves nothing behind; a second Ctrl-C does not wait for the healing.
The page is on every address of this machine, without a password: mind who else is on your network.

  --port N     port of the local Slack page (default: a free one)
  --keep-logs  keep the temporary folder with all logs
  --help       this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      "keep-logs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const slackPort = values.port === undefined ? undefined : Number(values.port);
  if (slackPort !== undefined && !(Number.isInteger(slackPort) && slackPort > 0 && slackPort < 65_536)) {
    throw new AftershockError(
      "bad_config",
      `--port ${values.port}: it must be a port number.`,
      "For example: --port 3000",
    );
  }
  let stack: Stack | undefined;
  const interrupt = watchInterrupts(
    process,
    () => performance.now(),
    () => {
      process.stdout.write("\nStopping at once.\n");
      stack?.hurry();
    },
  );
  process.stdout.write("Starting:\n");
  stack = await startStack({
    configure: withLabTargets,
    onReady: (what, afterMs) => process.stdout.write(`  ${what}: ${(afterMs / 1000).toFixed(1)} s\n`),
    keepLogs: values["keep-logs"],
    ...(slackPort === undefined ? {} : { slackPort }),
  });
  if (interrupt.wish() !== "none") return stack.stop();
  process.stdout.write(
    `\nOpen ${stack.slack.url}\n  1. In #chaos, type: /chaos run redis-split-brain\n  2. Choose Bob under "Act as" (top right) and click Approve on the card.\n  3. Open the card's thread.\n\n` +
      `For kubectl: export KUBECONFIG=${stack.lab.kubeconfigPath}\nLogs: ${stack.directory}\nCtrl-C stops it all.\n`,
  );
  await interrupt.stopWished;
  process.stdout.write("\nStopping: healing what is under way first.\n");
  await stack.stop();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${isAftershockError(error) ? `${error.message}\n${error.hint}` : String(error)}\n`);
    process.exit(1);
  },
);
