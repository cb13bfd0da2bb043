import { isOwned, isTerminal, runStates, successors, type RunState } from "../../src/run/lifecycle.ts";
import type { Victim } from "./roles.ts";

/** Before a run is there at all; its being stored is a step like the others. */
export type StateOrNone = RunState | "none";
export interface Step {
  from: StateOrNone;
  to: RunState;
}

/** How people and earlier trouble bring a run to the steps that the route covers (routes.ts plays it). */
export interface Route {
  name: string;
  /** How the run ends when nothing else is done to it. */
  ends: RunState;
  covers: readonly string[];
}

/** The first route that covers a step is taken for it. */
export const routes = [
  {
    name: "to its end",
    ends: "completed",
    covers: [
      "none → requested",
      "requested → approved",
      "approved → preflight",
      "preflight → baseline",
      "baseline → injecting",
      "injecting → active",
      "active → healing",
      "healing → verifying",
      "verifying → judging",
      "judging → completed",
    ],
  },
  { name: "denied", ends: "denied", covers: ["requested → denied"] },
  { name: "expired", ends: "expired", covers: ["requested → expired"] },
  { name: "stopped as a request", ends: "aborted", covers: ["requested → aborted"] },
  { name: "stopped before its worker came", ends: "aborted", covers: ["approved → aborted"] },
  { name: "stopped in preflight", ends: "aborted", covers: ["preflight → aborted"] },
  { name: "a guard fails", ends: "failed", covers: ["preflight → failed"] },
  { name: "its worker lost in preflight", ends: "interrupted", covers: ["preflight → interrupted"] },
  { name: "stopped in baseline", ends: "aborted", covers: ["baseline → healing"] },
  { name: "its worker lost while injecting", ends: "interrupted", covers: ["injecting → healing"] },
  { name: "stopped while active", ends: "aborted", covers: ["judging → aborted"] },
  { name: "its fault deleted by somebody", ends: "failed", covers: ["judging → failed"] },
  { name: "its worker lost while active", ends: "interrupted", covers: ["judging → interrupted"] },
] as const satisfies readonly Route[];

export type RouteName = (typeof routes)[number]["name"];

const onlyByHealing =
  "clients are running: it ends by way of healing, where they are stopped and what they did is read back";

/** Steps that the lifecycle allows and the product never takes, with why; a run that takes one all the same is an error. */
export const neverTaken: Readonly<Record<string, string>> = {
  "approved → interrupted": "an approved run that lost its worker before preflight is started by the next one",
  "approved → expired": "what is approved in time starts, however late its worker comes",
  "baseline → aborted": onlyByHealing,
  "baseline → failed": onlyByHealing,
  "baseline → interrupted": onlyByHealing,
};

export type Moment =
  /** The transaction of the step is open and holds its rows. */
  | ({ when: "before the commit" } & Step)
  | ({ when: "after the commit" } & Step)
  /** At an instant that the seed chooses. */
  | { when: "in the middle"; state: RunState };

export interface KillCase {
  name: string;
  victim: Victim;
  moment: Moment;
  route: RouteName;
  mayEnd: readonly RunState[];
}

export function stepName({ from, to }: Step): string {
  return `${from} → ${to}`;
}

/** Every step of the state machine, and the one that makes a run. */
export function allSteps(): Step[] {
  const steps = runStates.flatMap((from): Step[] => successors(from).map((to) => ({ from, to })));
  return [{ from: "none", to: "requested" }, ...steps];
}

/** Steps and phases without a case and without a reason; empty unless the lifecycle has grown. */
export function forgotten(): string[] {
  const steps = allSteps().map(stepName);
  const covered = routes.flatMap((route): readonly string[] => route.covers);
  return [
    ...steps.filter((step) => !covered.includes(step) && neverTaken[step] === undefined),
    ...runStates.filter((state) => !isTerminal(state) && routeThrough(state) === undefined),
  ];
}

/** What the tables above name and the lifecycle does not have (any more), or name twice. */
export function misnamed(): string[] {
  const steps = allSteps().map(stepName);
  const covered = routes.flatMap((route): readonly string[] => route.covers);
  return [
    ...[...covered, ...Object.keys(neverTaken)].filter((step) => !steps.includes(step)),
    ...covered.filter((step, at) => covered.indexOf(step) !== at || neverTaken[step] !== undefined),
  ];
}

/** All cases of one victim, made from the state machine: both sides of every step, and the middle of every phase. */
export function killCases(victim: Victim): KillCase[] {
  const atSteps = allSteps().flatMap((step) => {
    const route = routes.find(({ covers }) => (covers as readonly string[]).includes(stepName(step)));
    if (route === undefined) return [];
    return (["before the commit", "after the commit"] as const).map((when) =>
      killCase(victim, { when, ...step }, route, `${when} of ${stepName(step)}`),
    );
  });
  const inPhases = runStates.flatMap((state) => {
    const route = routeThrough(state);
    if (isTerminal(state) || route === undefined) return [];
    return [killCase(victim, { when: "in the middle", state }, route, `in the middle of ${state}`)];
  });
  return [...atSteps, ...inPhases];
}

function killCase(victim: Victim, moment: Moment, route: (typeof routes)[number], where: string): KillCase {
  return {
    name: `${victimWords[victim]} ${where}`,
    victim,
    moment,
    route: route.name,
    mayEnd: mayEnd(victim, moment, route.ends),
  };
}

function mayEnd(victim: Victim, moment: Moment, ends: RunState): RunState[] {
  if (!losesItsWorker(victim, moment)) return [ends];
  if (stateAt(moment) !== "judging") return ["interrupted"];
  // Once the report is stored, only the end is missing, and the next worker gives it that end.
  return moment.when === "before the commit" ? [ends] : ["interrupted", ends];
}

/** The table's rows. */
export const victimWords: Readonly<Record<Victim, string>> = {
  worker: "worker killed",
  bot: "bot killed",
  both: "bot and worker killed",
};

/** True when the run's owner is killed while it owns the run: another worker then heals and ends it. */
export function losesItsWorker(victim: Victim, moment: Moment): boolean {
  const state = stateAt(moment);
  return victim !== "bot" && state !== "none" && isOwned(state);
}

/** The committed state at the moment of the kill. */
export function stateAt(moment: Moment): StateOrNone {
  switch (moment.when) {
    case "before the commit":
      return moment.from;
    case "after the commit":
      return moment.to;
    case "in the middle":
      return moment.state;
  }
}

function routeThrough(state: RunState): (typeof routes)[number] | undefined {
  return routes.find(({ covers }) => covers.some((step) => step.endsWith(` → ${state}`)));
}

/** What of the state machine the cases have hit, as a sentence with what there is to hit. */
export function coverage(hit: readonly string[]): string {
  const steps = allSteps()
    .map(stepName)
    .filter((step) => neverTaken[step] === undefined);
  const phases = runStates.filter((state) => !isTerminal(state));
  const of = (all: readonly string[]): string => `${all.filter((one) => hit.includes(one)).length} of ${all.length}`;
  const never = Object.keys(neverTaken).length;
  return `Hit were ${of(steps)} steps of a run's lifecycle and ${of(phases)} phases; the ${never} steps that are never taken were not taken.`;
}
