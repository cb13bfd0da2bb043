import { composeWatching } from "../../../compose/watching.ts";
import { readWatching, type WatchingEndpoints } from "../../../config/watching.ts";
import { isAftershockError, messageOf } from "../../../errors.ts";
import { resolveParameters } from "../../../experiment/parameters.ts";
import { askText, type WatchPlan } from "../../../experiment/resolve-watch.ts";
import type { Experiment } from "../../../experiment/schema.ts";
import { counted } from "../../../findings/words.ts";
import { readingOf, type Reading } from "../../../run/watching/judge-watch.ts";
import { watchesOf, type ClusterWatching } from "../../../run/watching/watches.ts";
import { openEndpoint } from "../../../watch/endpoint.ts";
import { inspectAlertmanager, inspectPrometheus, type Inspected } from "../../../watch/inspect.ts";
import type { AskedCluster, Check } from "../asked.ts";
import { unknown, warning, well, wrong, type Line } from "../line.ts";
import { whyOf } from "../once.ts";
import { judgeClock } from "./clocks.ts";
import { judgeRefusal, judgeSilence, type NamedEndpoint } from "./endpoint.ts";

const withinMs = 5000;

type Of = WatchPlan["ask"]["of"];

/** Whether runs on a cluster are watched from outside, or want to be. Pure. */
export function isWatched(
  { settings }: Pick<AskedCluster, "settings">,
  experiments: ReadonlyArray<Pick<Experiment, "stopConditions">>,
): boolean {
  const { prometheus, alertmanager } = settings;
  const wanted = experiments.some(({ stopConditions }) => stopConditions.some((one) => !("client" in one)));
  return prometheus !== undefined || alertmanager !== undefined || wanted;
}

/** Prometheus and Alertmanager of a cluster, and what every stop condition of the enabled experiments measures now. */
export function watching(cluster: AskedCluster): Check {
  return async ({ environment, experiments }) => {
    const { name, settings } = cluster;
    let secrets: ReturnType<typeof readWatching>;
    try {
      secrets = readWatching({ [name]: settings }, environment);
    } catch (error) {
      if (!isAftershockError(error)) throw error;
      // Wrong in the group of the configuration.
      return [unknown(`Nothing was asked: ${error.message}`, error.hint)];
    }
    const composed = composeWatching({ config: { clusters: { [name]: settings } }, secrets });
    try {
      const endpoints = await lookAtEndpoints(name, settings, secrets.watching?.[name] ?? {});
      const { lines, watches } = conditionsOf(experiments, name, composed.of(name));
      const asked = watches.filter(({ watch }) => endpoints.answering.has(watch.ask.of));
      const readings = await Promise.all(
        asked.map(async (one) => ({ ...one, ...(await read(one.watch, composed.of(name))) })),
      );
      return [...endpoints.lines, ...lines, ...judgeConditions(readings, watches.length - asked.length)];
    } finally {
      await composed.close();
    }
  };
}

async function lookAtEndpoints(
  cluster: string,
  settings: AskedCluster["settings"],
  opened: WatchingEndpoints,
): Promise<{ lines: Line[]; answering: ReadonlySet<Of> }> {
  const answering = new Set<Of>();
  const look = async <T>(
    of: Of,
    named: Pick<NamedEndpoint, "name" | "path">,
    inspect: (client: ReturnType<typeof openEndpoint>, signal: AbortSignal) => Promise<Inspected<T>>,
    judge: (facts: T) => Line[],
  ): Promise<Line[]> => {
    const [own, written] = [opened[of], settings[of]];
    if (own === undefined || written === undefined) return [];
    const endpoint = { ...named, key: `clusters.${cluster}.${of}`, settings: written };
    const client = openEndpoint(own);
    try {
      const inspected = await inspect(client, AbortSignal.timeout(withinMs));
      if (inspected.kind === "refused") return [judgeRefusal(endpoint, inspected.status)];
      answering.add(of);
      return judge(inspected.facts);
    } catch (error) {
      return [judgeSilence(endpoint, whyOf(error))];
    } finally {
      await client.close();
    }
  };
  const versioned = (server: string, version: string | null): Line =>
    well(version === null ? `${server} answers, and does not say its version` : `${server} ${version} answers`);
  const lines = await Promise.all([
    look("prometheus", { name: "Prometheus", path: "/api/v1/query?query=vector(1)" }, inspectPrometheus, (facts) => [
      versioned("Prometheus", facts.version),
      judgeClock("Prometheus's", facts.clock, 0),
    ]),
    look("alertmanager", { name: "Alertmanager", path: "/api/v2/alerts" }, inspectAlertmanager, ({ version }) => [
      versioned("Alertmanager", version),
    ]),
  ]);
  return { lines: lines.flat(), answering };
}

interface Wanted {
  watch: WatchPlan;
  /** Those that have it. */
  experiments: string[];
}

/** What runs of these experiments would be watched by, with the defaults of their parameters, as at planning. */
function conditionsOf(
  experiments: readonly Experiment[],
  cluster: string,
  watching: ClusterWatching | null,
): { lines: Line[]; watches: Wanted[] } {
  const lines: Line[] = [];
  const watches = new Map<string, Wanted>();
  for (const experiment of experiments) {
    try {
      for (const watch of watchesOf(experiment, resolveParameters(experiment, {}, undefined), cluster, watching)) {
        const known = watches.get(JSON.stringify(watch));
        if (known === undefined) watches.set(JSON.stringify(watch), { watch, experiments: [experiment.name] });
        else known.experiments.push(experiment.name);
      }
    } catch (error) {
      if (!isAftershockError(error)) throw error;
      lines.push(wrong(`${experiment.name} cannot be run on ${cluster}: ${error.message}`, error.hint));
    }
  }
  return { lines, watches: [...watches.values()] };
}

/** What one brought; `failed`: it was not answered. */
type Read = { reading: Reading } | { failed: string };

async function read(watch: WatchPlan, watching: ClusterWatching | null): Promise<Read> {
  const signal = AbortSignal.timeout(watching?.answerWithinMs ?? withinMs);
  try {
    return { reading: readingOf(watch, (await watching?.ask(watch.ask, signal)) ?? []) };
  } catch (error) {
    return {
      failed: signal.aborted ? `no answer within ${watching?.answerWithinMs ?? withinMs} ms` : messageOf(error),
    };
  }
}

/** `unasked`: so many were not, since their server does not answer. Pure. */
export function judgeConditions(asked: ReadonlyArray<Wanted & Read>, unasked: number): Line[] {
  const lines = asked.flatMap(({ watch, experiments, ...one }): Line[] => {
    const what = `Stop condition ${watch.id} of ${experiments.join(", ")}`;
    const mend = `Ask ${watch.ask.of} yourself: ${askText(watch)}`;
    if ("failed" in one) {
      return [wrong(`${what} cannot be asked: ${one.failed}. Runs are refused.`, mend)];
    }
    const { reading } = one;
    if (!reading.known) {
      const then = watch.onUnknown === "continue" ? "Runs go on without it." : "Runs are refused meanwhile.";
      return [warning(`${what} is unknown: ${reading.why}. ${then}`, mend)];
    }
    return reading.holds ? [warning(`${what} holds now: ${reading.measured}. Runs are refused meanwhile.`, mend)] : [];
  });
  const fine = asked.length - lines.length;
  return [
    ...(fine === 0 ? [] : [well(`${fine} of ${counted(asked.length, "stop condition")} measured, none of them holds`)]),
    ...lines,
    ...(unasked === 0 ? [] : [unknown(`${counted(unasked, "stop condition")} not asked, since nothing answers.`)]),
  ];
}
