import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { allCases } from "./cases/all.ts";
import type { Client } from "./client.ts";
import { clearGround, defaultImage, layGround, type Ground } from "./ground.ts";
import { kubectlClient } from "./kubectl-client.ts";
import { nodeClient } from "./node-client.ts";
import { play, type Case, type Outcome } from "./suite.ts";
import { conformanceTable, counted } from "./table.ts";

const clientNames = ["kubectl", "client-node"] as const;
type ClientName = (typeof clientNames)[number];

const usage = `npm run test:conformance -- [--kubeconfig FILE] [--namespace NAME] [--client NAME]… [--only TEXT] [--image IMAGE]

Whether a cluster's Chaos Mesh keeps the contract that Aftershock stands on (docs/conformance.md). Each case is driven
through kubectl 1.32 and through @kubernetes/client-node. It makes namespaces of its own with three small pods each,
injects only into them, and deletes them at the end; nothing else is touched.

  --kubeconfig FILE   the cluster, by its current context; without it the lab is started, and stopped at the end
  --namespace NAME    the namespaces are NAME-kubectl and NAME-client-node; they must not exist yet
                      (default: aftershock-conformance with a random ending)
  --client NAME       only this one: kubectl or client-node; may be given twice
  --only TEXT         only cases whose name holds the text, e.g. --only "pod-kill"
  --image IMAGE       of the pods, with sh and busybox (default: ${defaultImage}); the lab needs none
  --list              names the cases and does nothing
  --help              this

Exit codes: 0 everything that is offered held, 1 something did not, 2 wrong usage, or a cluster that cannot be used.
`;

interface Options {
  kubeconfig: string | null;
  namespace: string;
  clients: readonly ClientName[];
  image: string;
  cases: readonly Case[];
}

/** Why nothing was played. */
class Unusable extends Error {}

async function main(): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        kubeconfig: { type: "string" },
        namespace: { type: "string" },
        client: { type: "string", multiple: true },
        only: { type: "string" },
        image: { type: "string", default: defaultImage },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { only = "" } = values;
  const cases = allCases.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()));
  if (values.list) {
    process.stdout.write(cases.map(({ name }) => `${name}\n`).join(""));
    return 0;
  }
  const asked = values.client ?? [...clientNames];
  const unknown = asked.find((name) => !clientNames.some((known) => known === name));
  const namespace = values.namespace ?? `aftershock-conformance-${randomBytes(3).toString("hex")}`;
  const wrong =
    unknown !== undefined
      ? `--client ${unknown}: there are ${clientNames.join(" and ")}`
      : cases.length === 0
        ? `--only ${only}: no case has that in its name; see them with --list`
        : !/^[a-z0-9]([a-z0-9-]{0,49}[a-z0-9])?$/.test(namespace)
          ? `--namespace ${namespace}: lower-case letters, digits and dashes, at most 51`
          : null;
  if (wrong !== null) {
    process.stderr.write(`${wrong}\n\n${usage}`);
    return 2;
  }
  const clients = clientNames.filter((name) => asked.includes(name));
  try {
    return await conform({ kubeconfig: values.kubeconfig ?? null, namespace, clients, image: values.image, cases });
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
}

async function conform({ kubeconfig, namespace, clients, image, cases }: Options): Promise<number> {
  const startedAt = performance.now();
  const lab: LaunchedLab | null = kubeconfig === null ? await launchLab() : null;
  const path = kubeconfig ?? lab?.kubeconfigPath ?? "";
  const grounds: Array<{ client: Client; ground: Ground }> = [];
  const leave = async (): Promise<void> => {
    await Promise.all(
      grounds.splice(0).map(({ client, ground }) => clearGround(client, ground).catch(() => undefined)),
    );
    await lab?.stop();
  };
  const interrupted = (): void => void leave().finally(() => process.exit(130));
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    const kind = lab === null ? "cluster" : "lab";
    say(
      lab === null ? `The cluster of ${path}` : "The lab, started for this; its pods run this machine's own programs",
    );
    const outcomes = await Promise.all(
      clients.map(async (name) => {
        const client = name === "kubectl" ? kubectlClient(process.env["KUBECTL"] ?? "kubectl", path) : nodeClient(path);
        const own = `${namespace}-${name}`;
        const ground = await prepared(client, { kind, namespace: own, image, readyWithinMs: 180_000 });
        grounds.push({ client, ground });
        say(`${name} ${await client.version()}: ${ground.pods.join(", ")} in the namespace ${own}`);
        return play(cases, { client, ground, onOutcome: sayOutcome });
      }),
    );
    const all = outcomes.flat();
    say(`\n${conformanceTable(all, clients)}`);
    say(`\n${counted(all)}, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    return all.some(({ outcome }) => outcome === "failed") ? 1 : 0;
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await leave();
  }
}

async function prepared(client: Client, options: Parameters<typeof layGround>[1]): Promise<Ground> {
  try {
    return await layGround(client, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Unusable(`The suite's own namespace ${options.namespace} could not be made ready: ${reason}`, {
      cause: error,
    });
  }
}

function sayOutcome({ name, client, outcome, reason, tookMs }: Outcome): void {
  const sign = outcome === "held" ? "✔" : outcome === "failed" ? "✘" : "–";
  const why = reason === "" ? "" : `\n    ${reason.split("\n").join("\n    ")}`;
  say(`${sign} ${client} · ${name} (${(tookMs / 1000).toFixed(1)} s)${why}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

process.exitCode = await main();
