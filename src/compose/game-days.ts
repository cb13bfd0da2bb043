import type { Authoriser } from "../approvals/authoriser.ts";
import { messageOf } from "../errors.ts";
import { createGameDayService } from "../gameday/create-service.ts";
import { driveGameDay, type DriveDeps } from "../gameday/drive.ts";
import { startGameDayKeeper, type GameDayKeeper } from "../gameday/keeper.ts";
import { startRetrospectives } from "../gameday/retrospective/make.ts";
import type { GameDayService } from "../gameday/service.ts";
import type { RunService } from "../run/service.ts";
import type { Foundation } from "./foundation.ts";

/** Game days of a bot: what people do in them, and what keeps them true. */
export function composeGameDays(
  { database, registry, log }: Foundation,
  authoriser: Authoriser,
  runs: RunService,
): { gameDays: GameDayService; gameDayKeeper: GameDayKeeper } {
  const warn = (message: string, detail?: Record<string, unknown>): void => log.warn(detail ?? {}, message);
  const deps: DriveDeps = {
    database,
    experiments: runs.experiments,
    request: runs.request,
    isDeactivated: async (userId, teamId) => {
      const { people } = await authoriser.facts({ act: "take-part", actor: { userId, teamId } });
      const standing = people[userId];
      return standing?.kind === "refused" && standing.why === "deactivated";
    },
    log: warn,
  };
  const gameDays = createGameDayService({
    database,
    authoriser,
    runs,
    clusterNames: registry.clusterNames,
    onChange: (id) =>
      driveGameDay(deps, id).catch((error: unknown) =>
        warn("a game day was not brought in line", { id, error: messageOf(error) }),
      ),
  });
  const [keeper, retrospectives] = [startGameDayKeeper(deps), startRetrospectives(database, warn)];
  const stop = async (): Promise<void> => void (await Promise.all([keeper.stop(), retrospectives.stop()]));
  return { gameDays, gameDayKeeper: { stop } };
}
