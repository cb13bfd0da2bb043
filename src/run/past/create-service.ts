import type { Database } from "../../store/database.ts";
import { readLastResults, readPastRuns } from "./read-past.ts";
import type { PastService } from "./service.ts";

export function createPastService(database: Database): PastService {
  return {
    lastResults: (filter) => readLastResults(database, filter),
    runs: (filter, limit) => readPastRuns(database, filter, { perExperiment: limit, limit }),
  };
}
