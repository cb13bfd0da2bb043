import type { Experiment } from "../../../src/experiment/schema.ts";
import type { ScheduleService } from "../../../src/run/schedules/service.ts";
import type { RunService } from "../../../src/run/service.ts";
import type { Hostile } from "./renderers.ts";

/**
 * What is typed after the command for each verb, with the hostile text where a person can put one. A test fails when a
 * verb is missing here; a new one is a line.
 */
export const lines: Readonly<Record<string, (text: string) => readonly string[]>> = {
  abort: (text) => ["abort", `abort run-1 ${text}`],
  approve: (text) => ["approve", "approve run-1", `approve schedule-7 ${text}`],
  deny: (text) => ["deny", `deny run-1 ${text}`, "deny schedule-7"],
  findings: (text) => ["findings", `findings ${text}`],
  help: (text) => ["help", "help run", `help ${text}`],
  home: () => [""],
  list: () => ["list"],
  run: (text) => [
    "run",
    `run ${text}`,
    `run ${quoted(text)}`,
    `run ${quoted(text)} --dry-run`,
    `run a ${text}=${quoted(text)}`,
  ],
  schedule: (text) => ["schedule", `schedule ${text}`, `schedule ${quoted(text)} "0 6 * * 0" tz=${quoted(text)}`],
  schedules: () => ["schedules"],
  show: (text) => ["show", `show ${quoted(text)}`],
  status: (text) => ["status", `status ${quoted(text)}`],
  unschedule: (text) => ["unschedule", `unschedule ${text}`],
};

const quoted = (text: string): string => `"${text.replaceAll('"', "")}"`;

/** A scripted double of the services, which finds everything and answers with hostile content in every state. */
export function hostileServices(
  { text, runs, events, schedules }: Hostile,
  at: number,
  experiments: readonly Experiment[],
): { service: RunService; schedules: ScheduleService } {
  const pick = <T>(all: readonly T[]): T => all[at % all.length] as T;
  const run = pick(runs);
  const schedule = pick(schedules);
  const [experiment] = experiments;
  if (experiment === undefined) throw new Error("no experiment");
  return {
    service: {
      experiments: () => experiments,
      experiment: () => experiment,
      plan: async () => ({ plan: run.plan, digest: run.digest }),
      request: async () => run,
      approve: async () => run,
      deny: async () => run,
      abort: async () => run,
      find: async () => run,
      recent: async () => runs,
      open: async () => runs,
      events: async () => (at % 2 === 0 ? events : []),
      artifact: async () => null,
      parameterHelp: () =>
        Array.from({ length: 20 }, () => ({ name: text, default: text, range: text, description: text })),
    },
    schedules: {
      request: async () => schedule,
      approve: async () => schedule,
      deny: async () => schedule,
      cancel: async () => schedule,
      open: async () => schedules,
    },
  };
}
