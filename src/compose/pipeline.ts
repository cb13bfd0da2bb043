import type { Logger } from "pino";
import { createAuthoriser, type Authoriser } from "../approvals/authoriser.ts";
import type { Directory } from "../approvals/people.ts";
import type { PipelineConfig } from "../config/load.ts";
import type { Hiding } from "../redact.ts";
import { conduct } from "../run/conductor.ts";
import { createRunService } from "../run/create-service.ts";
import { haltWish, type StopWish } from "../run/ownership.ts";
import type { RunService } from "../run/service.ts";
import { ownedStates, takeOver } from "../run/take-over.ts";
import { databaseRefused, openDatabase, type Database } from "../store/database.ts";
import { ownerlessRuns } from "../store/leases.ts";
import { prepareSchema } from "../store/schema.ts";
import { startSharedClock } from "../store/shared-clock.ts";
import { composeConducting } from "./conducting.ts";
import { openCatalogue } from "./foundation.ts";
import { startHaltKeeper } from "./halt-keeper.ts";
import { composeTelemetry } from "./telemetry.ts";
import { composeAuthoriser, policyOf, type KnownNames } from "./policy.ts";

/** What a pipeline conducts its run with: one process, PostgreSQL and the cluster; no Slack, no Redis. */
export interface Pipeline {
  service: RunService;
  database: Database;
  /** Heals runs whose worker is gone, as any worker does; resolves to those that it ended. */
  healOrphans(): Promise<string[]>;
  /** Conducts a run that is approved, unless a worker has it. Resolves when it has ended, or is another's. */
  conduct(runId: string): Promise<void>;
  /** Stops and heals what this process conducts; true when there is something. */
  requestStop(wish: StopWish): boolean;
  close(): Promise<void>;
}

/** Opens all of it. Throws AftershockError `bad_config` for what a person can mend. */
export async function openPipeline(
  { config, secrets }: PipelineConfig,
  log: Logger,
  hiding: Hiding,
): Promise<Pipeline> {
  const catalogue = await openCatalogue({ config, secrets }, process.env, hiding);
  const database = openDatabase(secrets.databaseUrl, (error) =>
    log.warn({ error: error.message }, "database connection"),
  );
  await prepareSchema(secrets.databaseUrl).catch(async (error: unknown) => {
    await Promise.allSettled([catalogue.close(), database.end()]);
    throw databaseRefused(error, "Look at DATABASE_URL, or at postgres.url in the configuration.");
  });
  const clock = await startSharedClock(database);
  const authoriser = authoriserOf({ config, secrets }, catalogue.knownNames, clock.now);
  const { deps, owned } = composeConducting({ config, database, registry: catalogue.registry, authoriser, log });
  const keeper = startHaltKeeper({ database, registry: catalogue.registry, log }, (held) => {
    for (const ownership of owned) ownership.requestStop(haltWish(held));
  });
  // A pipeline may be the only process that there is: its runs are shown by itself.
  const telemetry = await composeTelemetry({ config, secrets, database, log });
  return {
    service: createRunService({
      database,
      registry: catalogue.registry,
      authoriser,
      defaultCluster: config.defaultCluster,
      ...(config.defaultProfile === undefined ? {} : { defaultProfile: config.defaultProfile }),
      // This process takes the run itself, and a worker's reconciler finds it when this one cannot.
      wake: () => Promise.resolve(),
      log: deps.log,
    }),
    database,
    healOrphans: async () => {
      const runs = await ownerlessRuns(database, ownedStates);
      await Promise.all(runs.map((runId) => takeOver(deps, runId)));
      return runs;
    },
    conduct: (runId) => conduct(deps, runId),
    requestStop: (wish) => {
      owned.forEach((ownership) => ownership.requestStop(wish));
      return owned.size > 0;
    },
    close: async () => {
      await telemetry.stop();
      await keeper.stop();
      clock.stop();
      await catalogue.close();
      await database.end();
    },
  };
}

/** With a bot token it looks approvers up as a worker does; without one nobody's approval can be counted here. */
function authoriserOf({ config, secrets }: PipelineConfig, known: KnownNames, now: () => Date): Authoriser {
  const { slackBotToken } = secrets;
  if (slackBotToken !== undefined) return composeAuthoriser({ config, secrets: { slackBotToken } }, null, known, now);
  return createAuthoriser({ policy: policyOf(config, null, known), directory: nobodyKnown, now });
}

const why = "there is no Slack token here to ask with";
const nobodyKnown: Directory = {
  person: () => Promise.resolve({ kind: "unknown", why }),
  groupMembers: () => Promise.resolve({ known: false, why }),
};
