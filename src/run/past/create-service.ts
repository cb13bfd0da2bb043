import { AftershockError } from "../../errors.ts";
import { historyOf } from "../../findings/comparison/history.ts";
import type { Database } from "../../store/database.ts";
import { pastExperiments } from "../../store/past-runs.ts";
import { appendPicture } from "../../store/pictures.ts";
import { comparePair } from "./compare-pair.ts";
import { readLastResults, readPastRuns } from "./read-past.ts";
import type { PastService } from "./service.ts";

/** The PastService on PostgreSQL. */
export function createPastService(database: Database): PastService {
  return {
    lastResults: (filter) => readLastResults(database, filter),
    runs: (filter, limit) => readPastRuns(database, filter, { perExperiment: limit, limit }),
    experiments: () => pastExperiments(database),
    history: async (filter, last) => {
      const runs = await readPastRuns(database, filter, { perExperiment: last, limit: last });
      return runs.length === 0 ? null : historyOf(filter.experiment, runs);
    },
    compare: (first, second) => comparePair(database, first, second),
    share: async (actor, of) => {
      if (actor.channelId === "") {
        throw new AftershockError(
          "not_supported_here",
          "Here is no channel that the chart could be posted in.",
          `Type it in the channel: /chaos history ${of.experiment}`,
        );
      }
      const { userId: askedBy, teamId, channelId } = actor;
      return appendPicture(database, { of, askedBy, teamId, channelId });
    },
  };
}
