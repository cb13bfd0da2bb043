import { spawn } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { defaultVolumeTiming, type VolumeTiming } from "./controllers/attach-detach.ts";
import { labObstacle } from "./isolation/requirements.ts";
import { makeStateDirectory, sweepStaleDirectories } from "./isolation/state-directory.ts";
import { startLab } from "./lab.ts";
import { parseKafkaRoles, type KafkaRoles } from "./systems/kafka.ts";
import { parsePatroniDcs, type PatroniDcs } from "./systems/patroni-dcs.ts";
import { parseRabbitNames, type RabbitNames } from "./systems/rabbitmq.ts";
import { defaultRedisSettings } from "./systems/redis.ts";

const defaultIdleAfterSeconds = 600;

const usage = `Usage: npm run lab -- [options]

Starts the lab: a small Kubernetes on this machine, with real Redis, Sentinel, etcd and PostgreSQL processes in network namespaces.
It stays until Ctrl-C and leaves nothing behind.

  --port N             port of the API server on 127.0.0.1 (default: a free one)
  --down-after DUR_MS  Sentinel's down-after-milliseconds (default ${defaultRedisSettings.downAfterMs}; Redis' own: 30000)
  --patroni-dcs NAME   clean (default), or etcd3: Patroni's etcd3 driver whatever its version; before 3.0.3 it loses
                       writes after a healed partition; endpoints or configmap: no etcd, but the lab's Kubernetes API
  --rabbitmq-names NAME
                       short (default: rabbit@rabbitmq-0), or long (rabbit@rabbitmq-0.rabbitmq.messaging), as the
                       RabbitMQ Cluster Operator has them
  --kafka-roles NAME   combined (default): brokers are the controllers; separate: three controllers beside three brokers
  --idle-after SECONDS a system that nobody has used for so long stops and keeps its volumes; the next question starts
                       it again. Redis always runs. 0: never (default ${defaultIdleAfterSeconds})
  --attach-ms MS       how long attaching a volume to another node takes (default ${defaultVolumeTiming.attachMs})
  --detach-ms MS       how long detaching it takes (default ${defaultVolumeTiming.detachMs})
  --ready-file FILE    written when everything runs: the kubeconfig's path
  --quiet              print nothing but errors
  --help               this text
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      "down-after": { type: "string", default: String(defaultRedisSettings.downAfterMs) },
      "patroni-dcs": { type: "string", default: "clean" },
      "rabbitmq-names": { type: "string", default: "short" },
      "kafka-roles": { type: "string", default: "combined" },
      "idle-after": { type: "string", default: String(defaultIdleAfterSeconds) },
      "attach-ms": { type: "string", default: String(defaultVolumeTiming.attachMs) },
      "detach-ms": { type: "string", default: String(defaultVolumeTiming.detachMs) },
      "ready-file": { type: "string" },
      "state-directory": { type: "string" },
      inner: { type: "boolean", default: false },
      quiet: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(usage);
  const obstacle = labObstacle({
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    path: process.env["PATH"] ?? "",
  });
  if (obstacle !== null) {
    process.stderr.write(`${obstacle}\n`);
    process.exit(2);
  }
  const stateDirectory = values["state-directory"];
  if (!values.inner || stateDirectory === undefined) return outside();
  await inside({
    stateDirectory,
    port: Number(values.port),
    downAfterMs: Number(values["down-after"]),
    patroniDcs: parsePatroniDcs(values["patroni-dcs"]),
    rabbitmqNames: parseRabbitNames(values["rabbitmq-names"]),
    kafkaRoles: parseKafkaRoles(values["kafka-roles"]),
    idleAfterMs: Number(values["idle-after"]) > 0 ? Number(values["idle-after"]) * 1000 : null,
    volumes: { attachMs: Number(values["attach-ms"]), detachMs: Number(values["detach-ms"]) },
    say: values.quiet ? () => undefined : (text) => process.stdout.write(text),
    ...(values["ready-file"] === undefined ? {} : { readyFile: values["ready-file"] }),
  });
}

/**
 * Starts this program again as the first process of its own process and mount namespaces: when it dies, by whatever
 * means, the kernel kills all that it started and drops its mounts. When the launcher dies, so does it.
 */
function outside(): void {
  sweepStaleDirectories();
  const stateDirectory = makeStateDirectory(process.pid);
  const namespaces = ["--pid", "--fork", "--kill-child=KILL", "--mount", "--mount-proc", "--propagation", "private"];
  const again = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const inner = spawn("unshare", [...namespaces, ...again, "--inner", "--state-directory", stateDirectory], {
    // The inner process ends when this pipe closes, that is, when this process is gone, however it went.
    stdio: ["pipe", "inherit", "inherit"],
    detached: true,
  });
  const pass = (): void => void inner.stdin.end();
  process.on("SIGINT", pass);
  process.on("SIGTERM", pass);
  inner.on("exit", (code) => {
    rmSync(stateDirectory, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}

async function inside(options: {
  stateDirectory: string;
  port: number;
  downAfterMs: number;
  patroniDcs: PatroniDcs;
  rabbitmqNames: RabbitNames;
  kafkaRoles: KafkaRoles;
  idleAfterMs: number | null;
  volumes: VolumeTiming;
  readyFile?: string;
  say: (text: string) => void;
}): Promise<void> {
  let stop: (() => Promise<void>) | undefined;
  let leaving = false;
  const leave = (): void => {
    if (leaving) return;
    leaving = true;
    // What does not stop in time is killed by the kernel when this process goes.
    setTimeout(() => process.exit(0), 5000).unref();
    void (stop?.() ?? Promise.resolve()).finally(() => process.exit(0));
  };
  process.stdin.on("end", leave).on("close", leave).resume();
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  const startedAt = performance.now();
  const lab = await startLab({
    stateDirectory: options.stateDirectory,
    port: options.port,
    redis: { ...defaultRedisSettings, downAfterMs: options.downAfterMs },
    patroniDcs: options.patroniDcs,
    rabbitmqNames: options.rabbitmqNames,
    kafkaRoles: options.kafkaRoles,
    idleAfterMs: options.idleAfterMs,
    volumes: options.volumes,
    log: (message) => process.stderr.write(`lab: ${message}\n`),
  });
  stop = lab.stop;
  if (leaving) return;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  options.say(
    `The lab is ready after ${seconds} s: Redis and Sentinel in namespace cache (etcd in namespace etcd, PostgreSQL in namespace database, the sample application in namespace app, RabbitMQ and Kafka in namespace messaging start when they are asked for), API server at ${lab.url}\n\n` +
      `  export KUBECONFIG=${lab.kubeconfigPath}\n  kubectl get pods -n cache -o wide\n\nCtrl-C stops it and leaves nothing behind.\n`,
  );
  if (options.readyFile !== undefined) {
    writeFileSync(`${options.readyFile}.new`, lab.kubeconfigPath);
    renameSync(`${options.readyFile}.new`, options.readyFile);
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`lab: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
