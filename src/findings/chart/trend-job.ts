import type { ExperimentHistory } from "../comparison/history.ts";
import type { ThemeName } from "./theme.ts";

/** The chart of a history, as data: it goes to another process as JSON. */
export interface TrendJob {
  history: ExperimentHistory;
  theme: ThemeName;
}
