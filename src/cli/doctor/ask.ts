import { openSurvey, type Survey } from "../../cluster/survey.ts";
import { openCatalogue } from "../../compose/foundation.ts";
import { databaseUrlOf, redisUrlOf } from "../../config/load.ts";
import { readSecret, type Environment } from "../../config/secret.ts";
import type { PodPlacement } from "../../probes/placement.ts";
import { inspectRedis } from "../../queue/inspect.ts";
import type { Hiding } from "../../redact.ts";
import { inspectSlack, type SlackInspection } from "../../slack/access/inspect.ts";
import { inspectDatabase } from "../../store/inspect.ts";
import type { Asked, AskedCluster } from "./asked.ts";
import { targetNamespaces } from "./cluster/kinds-of.ts";
import { once, type Learnt } from "./once.ts";

/** Of one question to Slack, PostgreSQL or Redis. */
const withinMs = 5000;

export type Wanted = Pick<Asked, "configFile" | "config" | "environment" | "experiments" | "role" | "channels"> & {
  /** Names of the clusters to look at. */
  clusters: readonly string[];
  /** `try` opens the described targets as planning does. */
  logins: "try" | "leave";
  /** Learns what is read of targets. */
  hiding: Hiding;
};

/** Opens everything when it is first wanted, and closes what was opened. */
export function ask(wanted: Wanted): { asked: Asked; close(): Promise<void> } {
  const { config, configFile, environment } = wanted;
  const slack = openSlack(config.slack, environment);
  const clusters = wanted.clusters.flatMap((name) => {
    const settings = Object.hasOwn(config.clusters, name) ? config.clusters[name] : undefined;
    return settings === undefined ? [] : [askCluster(name, settings, wanted)];
  });
  const catalogue = once(() => openCatalogue({ config, secrets: {} }, environment, wanted.hiding));
  const asked: Asked = {
    ...wanted,
    slack,
    botToken: once(async () => (await slack?.botToken()) ?? null),
    postgres: once(() => inspectDatabase(databaseUrlOf(environment, configFile), withinMs)),
    redis: once(() => inspectRedis(redisUrlOf(config, environment), withinMs)),
    clusters,
    registry: wanted.logins === "leave" ? null : once(async () => (await valueOf(catalogue)).registry),
  };
  return {
    asked,
    close: async () => {
      await Promise.all(
        clusters.map(async ({ survey }) => {
          const opened = await survey();
          if (opened.ok) await opened.value.close();
        }),
      );
      if (wanted.logins === "leave") return;
      const opened = await catalogue();
      if (opened.ok) await opened.value.close();
    },
  };
}

async function valueOf<T>(ask: () => Promise<Learnt<T>>): Promise<T> {
  const learnt = await ask();
  if (learnt.ok) return learnt.value;
  throw learnt.error;
}

/** What is wrong with the token is said by its check. */
function openSlack({ mode, apiUrl }: Asked["config"]["slack"], environment: Environment): SlackInspection | null {
  if (mode === "none") return null;
  try {
    const token = readSecret(environment, "SLACK_BOT_TOKEN");
    return token === undefined ? null : inspectSlack(token, apiUrl, withinMs);
  } catch {
    return null;
  }
}

/** One that ran to its end is nobody's target, and one of a DaemonSet is where no target need be. */
function mayBeTarget({ phase, owner }: PodPlacement): boolean {
  return phase === "Running" && owner?.startsWith("DaemonSet/") !== true;
}

function askCluster(name: string, settings: AskedCluster["settings"], { experiments }: Wanted): AskedCluster {
  const { kubeconfig, context, chaosMesh: injector } = settings;
  const survey = once(async () =>
    openSurvey({
      name,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(injector === undefined ? {} : { chaosMeshNamespace: injector.namespace }),
    }),
  );
  const opened = (): ReturnType<typeof valueOf<Survey>> => valueOf(survey);
  return {
    name,
    settings,
    survey,
    version: once(async () => (await opened()).version()),
    chaosMesh: once(async () => (await opened()).chaosMesh()),
    pods: once(async () => {
      const api = await opened();
      const { namespaces } = settings;
      const wanted = targetNamespaces(settings, experiments);
      // Without namespaces the rights count everywhere, and one question is enough.
      const found = await (namespaces === undefined
        ? api.pods(undefined)
        : Promise.all(namespaces.map((namespace) => api.pods(namespace))));
      const running = found.flat().filter(mayBeTarget);
      return wanted.map((namespace) => ({
        namespace,
        pods: running
          .filter((pod) => pod.namespace === namespace)
          .flatMap(({ name: pod, node }) => (node === null ? [] : [{ name: pod, node }])),
      }));
    }),
  };
}
