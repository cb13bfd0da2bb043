import { hostname } from "node:os";
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Authoriser } from "../approvals/authoriser.ts";
import type { Config } from "../config/schema.ts";
import { messageOf } from "../errors.ts";
import { renderCharts } from "../findings/chart/render-charts.ts";
import type { ConductorDeps } from "../run/conductor.ts";
import type { RunObserver } from "../run/observer.ts";
import type { Ownership } from "../run/ownership.ts";
import type { Registry } from "../run/systems.ts";
import type { Database } from "../store/database.ts";
import { healDeadlinesOf, pagingOf } from "./healing.ts";

/** What a process conducts runs with, be it a worker or a pipeline, and which it owns now. */
export interface Conducting {
  deps: ConductorDeps;
  owned: ReadonlySet<Ownership>;
}

/** `onOwned` is told of each run that becomes this process's, besides its being kept in `owned`. */
export function composeConducting(parts: {
  config: Config;
  database: Database;
  registry: Registry;
  authoriser: Authoriser;
  log: Logger;
  onOwned?: (ownership: Ownership) => void;
  observer?: RunObserver;
}): Conducting {
  const { config, database, registry, authoriser, log, onOwned, observer } = parts;
  const owned = new Set<Ownership>();
  const deps: ConductorDeps = {
    database,
    registry,
    authoriser,
    lease: {
      owner: `${hostname()}:${process.pid}:${randomBytes(3).toString("hex")}`,
      leaseMs: config.worker.lease,
      onError: (error) => log.warn({ error: messageOf(error) }, "lease renewal"),
    },
    healDeadlines: healDeadlinesOf(config.healing),
    paging: pagingOf(config),
    renderCharts,
    ...(observer === undefined ? {} : { observer }),
    log: (message, detail) => log.info(detail ?? {}, message),
    onOwned: (ownership) => {
      owned.add(ownership);
      ownership.released.addEventListener("abort", () => owned.delete(ownership), { once: true });
      onOwned?.(ownership);
    },
  };
  return { deps, owned };
}
