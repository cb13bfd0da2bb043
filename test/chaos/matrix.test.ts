import { describe, expect, it } from "vitest";
import { isTerminal, runStates, successors } from "../../src/run/lifecycle.ts";
import { forgotten, killCases, misnamed, neverTaken, routes, stepName } from "./matrix.ts";
import type { Victim } from "./roles.ts";

const victims: Victim[] = ["worker", "bot", "both"];

describe("the kill matrix", () => {
  it("forgets no state and no transition of the lifecycle", () => {
    expect(forgotten()).toEqual([]);
  });
  it("names none that the lifecycle does not have, and none twice", () => {
    expect(misnamed()).toEqual([]);
  });
  it.each(victims)("kills %s on both sides of every step that is taken, and in every phase", (victim) => {
    const cases = killCases(victim);
    const steps = runStates.flatMap((from) => successors(from).map((to) => stepName({ from, to })));
    for (const step of steps.filter((name) => neverTaken[name] === undefined)) {
      for (const when of ["before the commit", "after the commit"] as const) {
        const found = cases.filter(({ moment }) => moment.when === when && stepName(moment) === step);
        expect(found, `${when} of ${step}`).toHaveLength(1);
      }
    }
    for (const state of runStates.filter((candidate) => !isTerminal(candidate))) {
      expect(cases.filter(({ moment }) => moment.when === "in the middle" && moment.state === state)).toHaveLength(1);
    }
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
  it("reaches every end of a run", () => {
    expect([...new Set(routes.map(({ ends }) => ends))].toSorted()).toEqual(runStates.filter(isTerminal).toSorted());
  });
  it("expects a run whose owner was killed to end interrupted, and any other to go its way", () => {
    const ends = (victim: Victim, name: string) => killCases(victim).find((one) => one.name === name)?.mayEnd;
    expect(ends("worker", "worker killed before the commit of verifying → judging")).toEqual(["interrupted"]);
    expect(ends("worker", "worker killed before the commit of judging → completed")).toEqual(["completed"]);
    expect(ends("worker", "worker killed after the commit of judging → completed")).toEqual(["completed"]);
    expect(ends("worker", "worker killed before the commit of approved → preflight")).toEqual(["completed"]);
    expect(ends("both", "bot and worker killed in the middle of active")).toEqual(["interrupted"]);
    expect(ends("bot", "bot killed in the middle of active")).toEqual(["completed"]);
    expect(ends("bot", "bot killed before the commit of requested → denied")).toEqual(["denied"]);
  });
});
