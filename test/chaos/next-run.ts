import { isTerminal, runStates, type RunState } from "../../src/run/lifecycle.ts";
import type { Database } from "../../src/store/database.ts";
import type { CaseLine } from "./lines.ts";
import type { Scene } from "./scene.ts";

/** Keeps which targets have seen another run get going since a case was over. */
export interface NextRuns {
  add(line: CaseLine): Promise<void>;
  /** These runs' targets are free for those that got past their guards; every earlier case on them is proven so. */
  note(runs: readonly string[]): Promise<void>;
  /** An experiment for each target that is still to be proven. */
  missing(): string[];
}

const started: readonly RunState[] = runStates.slice(runStates.indexOf("baseline"));

export function nextRuns(database: Database): NextRuns {
  /** Targets of each case that no later run has got going on, each with an experiment that does. */
  const open = new Map<CaseLine, Map<string, string>>();
  const settle = (line: CaseLine, targets: Map<string, string>): void => {
    line.nextRunStarted = targets.size === 0;
  };
  return {
    add: async (line) => {
      const { rows } = await database.query<{ target_key: string; experiment: string }>(
        "select target_key, experiment from runs where id = any($1)",
        [line.runs],
      );
      const targets = new Map(rows.map(({ target_key, experiment }) => [target_key, experiment]));
      open.set(line, targets);
      settle(line, targets);
    },
    note: async (runs) => {
      const { rows } = await database.query<{ target_key: string }>(
        `select distinct r.target_key from runs r join run_events e on e.run_id = r.id
          where r.id = any($1) and e.type = 'state' and e.data->>'to' = 'baseline'`,
        [runs],
      );
      for (const [line, targets] of open) {
        if (line.runs.some((id) => runs.includes(id))) continue;
        for (const { target_key } of rows) targets.delete(target_key);
        settle(line, targets);
      }
    },
    missing: () => {
      const experiments = [...open.values()].flatMap((targets) => [...targets]);
      return [...new Map(experiments).values()];
    },
  };
}

/** One run gets past its guards, and is stopped: nothing in front of it blocks its target. */
export async function startAndStop(scene: Scene, experiment: string): Promise<string> {
  const runId = await scene.ask(experiment);
  await scene.approve(runId);
  await scene.until(runId, started);
  await scene.type(`abort ${runId}`, async () => {
    const { rows } = await scene.database.query<{ by: string | null }>(
      "select abort_requested_by as by from runs where id = $1",
      [runId],
    );
    return rows[0]?.by != null || isTerminal(await scene.state(runId));
  });
  return runId;
}
