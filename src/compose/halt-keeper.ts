import type { Held } from "../run/halt/gate.ts";
import { startKeeper, type Keeper } from "../run/halt/keeper.ts";
import type { Foundation } from "./foundation.ts";

/** How often the database and every cluster are looked at, beside being notified. */
const lookEveryMs = 1000;

/** The halt's keeper over all clusters of the configuration. */
export function startHaltKeeper(
  { database, registry, log }: Pick<Foundation, "database" | "registry" | "log">,
  onHeld: (held: Held) => void,
): Keeper {
  return startKeeper(
    {
      database,
      clusters: registry.clusterNames.map(registry.cluster),
      onHeld,
      log: (message, detail) => log.warn(detail ?? {}, message),
    },
    lookEveryMs,
  );
}
