import { applicationClient, applicationClients, writeClient } from "./application/clients.ts";
import { applicationGuards, judgeApplicationGuard, type HealthLook } from "./application/guards.ts";
import type { Ledger, OpenLedger } from "./application/ledger.ts";
import { askPool } from "./application/pool.ts";
import { watchPool } from "./application/pool-watch.ts";
import { findApplication, type Application } from "./application/target.ts";
import { messageOf } from "../errors.ts";
import type { Setting } from "./history.ts";
import type { Recorder } from "./recorder.ts";
import { createTelling, runClients } from "./run-clients.ts";
import type { RunningProbes, SystemAdapter, SystemContext, SystemSession } from "./system.ts";

const lookTimeoutMs = 3000;
const refreshEveryMs = 1000;
/** How long the application may take to be healthy again once the database is; a pool's time-outs are shorter. */
const healthyDeadlineMs = 15_000;
const healthyEveryMs = 250;

/**
 * A system together with an application that uses it, where the run's parameter `application` is `on`: its clients write
 * and read through the application as well, its connection pool is watched, and what it stored is read back from the
 * database. With `off` the adapter is as it was.
 */
export function withApplication(inner: SystemAdapter, openLedger: OpenLedger): SystemAdapter {
  return {
    ...inner,
    open: async (context) => {
      const session = await inner.open(context);
      try {
        const application = await findApplication(context);
        if (application === null) return withoutApplication(session);
        return joined(session, { application, ledger: await openLedger(context), runId: context.runId });
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}

/** The guards of an application are known to every experiment; without one they hold and say so. */
function withoutApplication(session: SystemSession): SystemSession {
  const none = { health: null, pools: new Map() };
  return {
    ...session,
    guard: async (id, bounds) =>
      Object.hasOwn(applicationGuards, id) ? judgeApplicationGuard(id, none, bounds) : session.guard(id, bounds),
  };
}

interface Parts {
  application: Application;
  ledger: Ledger;
  runId: SystemContext["runId"];
}

function joined(inner: SystemSession, parts: Parts): SystemSession {
  const { application, ledger, runId } = parts;
  const { name, namespace, pods } = application;
  const count = `${pods.length} ${pods.length === 1 ? "pod" : "pods"} in namespace ${namespace}`;
  return {
    ...inner,
    describe: async () => {
      const { clients, members } = await inner.describe();
      return { clients: [...clients, ...applicationClients(application)], members };
    },
    topology: async () => {
      const found = await inner.topology();
      return { ...found, summary: `${found.summary}; application ${name}: ${count}` };
    },
    guard: async (id, bounds) => {
      if (!Object.hasOwn(applicationGuards, id)) return inner.guard(id, bounds);
      // Asking for the health first: a pool that nobody used for a while has no connections, and needs none.
      const health = await lookAtHealth(application);
      return judgeApplicationGuard(id, { health, pools: await readPools(application) }, bounds);
    },
    settings: async () => [...(await inner.settings()), ...(await poolSettings(application))],
    start: async (recorder) => {
      const running = await inner.start(recorder);
      try {
        await untilHealthy(application, recorder, healthyDeadlineMs / 3);
        return both(running, startProbes(parts, recorder), recorder);
      } catch (error) {
        await running.stop();
        throw error;
      }
    },
    awaitConvergence: async (recorder, deadlineMs, signal) => {
      const found = await inner.awaitConvergence(recorder, deadlineMs, signal);
      const healthy = await untilHealthy(application, recorder, Math.min(deadlineMs, healthyDeadlineMs), signal);
      const said = healthy ? `the application ${name} is healthy` : `the application ${name} is not healthy again`;
      return { converged: found.converged && healthy, summary: `${found.summary}; ${said}` };
    },
    finalReads: async (recorder) => [
      ...(await inner.finalReads(recorder)),
      ...(await ledger.finalReads(application.table, runId, writeClient, recorder)),
    ],
    cleanUp: async () => {
      const done = await Promise.allSettled([inner.cleanUp(), ledger.remove(application.table, runId)]);
      const failed = done.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
  };
}

async function lookAtHealth(application: Application): Promise<HealthLook[]> {
  return Promise.all(
    application.pods.map(async (address) => {
      const pod = address.name;
      const startedAt = performance.now();
      const tookMs = (): number => performance.now() - startedAt;
      try {
        const { status, body } = await application.call(address, "/api/health", { timeoutMs: lookTimeoutMs });
        return { pod, status, said: typeof body["status"] === "string" ? body["status"] : "", tookMs: tookMs() };
      } catch (error) {
        return { pod, status: null, said: messageOf(error), tookMs: tookMs() };
      }
    }),
  );
}

async function readPools(application: Application) {
  const looks = application.pods.map(
    async (pod) => [pod.name, await askPool(application, pod, lookTimeoutMs)] as const,
  );
  return new Map(await Promise.all(looks));
}

async function poolSettings(application: Application): Promise<Setting[]> {
  const pools = await readPools(application);
  return [...pools].flatMap(([member, view]) =>
    Object.entries(view?.settings ?? {}).map(([name, value]) => ({
      type: "setting",
      member,
      name: `pool.${name}`,
      value,
    })),
  );
}

/** True as soon as every pod answers 200. */
async function untilHealthy(
  application: Application,
  recorder: Recorder,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const end = recorder.now() + deadlineMs;
  for (;;) {
    await application.refresh().catch(() => undefined);
    const looks = await lookAtHealth(application);
    signal?.throwIfAborted();
    if (looks.length > 0 && looks.every(({ status }) => status === 200)) return true;
    if (recorder.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, healthyEveryMs));
  }
}

function startProbes({ application, ledger, runId }: Parts, recorder: Recorder): RunningProbes {
  const { tell, onEvent } = createTelling(recorder);
  const nameOf = (address: string): string => ledger.memberAt(address);
  const watch = watchPool(application, { now: recorder.now, tell, record: recorder.event, nameOf });
  const clients = applicationClients(application).map((info) =>
    applicationClient({ info, application, recorder, runId, nameOf }),
  );
  // A pod that was replaced has another name and address.
  return runClients({ recorder, onEvent, clients, refresh: application.refresh, refreshEveryMs, watches: [watch] });
}

function both(first: RunningProbes, second: RunningProbes, recorder: Recorder): RunningProbes {
  return {
    status: () => ({
      atMs: recorder.now(),
      clients: [...first.status().clients, ...second.status().clients],
    }),
    onEvent: (listener) => {
      first.onEvent(listener);
      second.onEvent(listener);
    },
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
