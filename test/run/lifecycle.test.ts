import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  canMove,
  faultPossible,
  isOwned,
  isTerminal,
  occupyingStates,
  runStates,
  successors,
} from "../../src/run/lifecycle.ts";

describe("the lifecycle", () => {
  it("reaches every state from requested", () => {
    const reached = new Set<string>(["requested"]);
    for (let before = 0; before !== reached.size;) {
      before = reached.size;
      for (const state of runStates) if (reached.has(state)) for (const to of successors(state)) reached.add(to);
    }
    expect([...reached].toSorted()).toEqual([...runStates].toSorted());
  });
  it("ends from every state", () => {
    for (const state of runStates) {
      const reached = new Set([state]);
      for (const from of reached) for (const to of successors(from)) reached.add(to);
      expect([...reached].some(isTerminal), state).toBe(true);
    }
  });
  it("leaves a state in which a fault is possible only through healing, verifying and judging", () => {
    for (const from of runStates.filter(faultPossible)) {
      for (const to of successors(from)) expect(faultPossible(to) || to === "judging", `${from} to ${to}`).toBe(true);
      expect(isTerminal(from)).toBe(false);
    }
  });
  it("never injects without approval, guards and baseline before it", () => {
    expect(runStates.filter((from) => canMove(from, "injecting"))).toEqual(["baseline"]);
    expect(runStates.filter((from) => canMove(from, "baseline"))).toEqual(["preflight"]);
    expect(runStates.filter((from) => canMove(from, "preflight"))).toEqual(["approved"]);
    expect(runStates.filter((from) => canMove(from, "approved"))).toEqual(["requested"]);
  });
  it("does not move out of a terminal state, nor in place", () => {
    for (const from of runStates) {
      expect(canMove(from, from)).toBe(false);
      if (isTerminal(from)) for (const to of runStates) expect(canMove(from, to)).toBe(false);
    }
  });
  it("gives every state that a worker drives an owner, and lets it be interrupted", () => {
    for (const state of runStates.filter(isOwned)) {
      const reached = new Set([state]);
      for (const from of reached) for (const to of successors(from)) reached.add(to);
      expect(reached.has("interrupted"), state).toBe(true);
    }
  });
  it("occupies the target in the same states as the database's unique index", () => {
    const sql = readFileSync(new URL("../../src/store/migrations/001_runs.sql", import.meta.url), "utf8");
    const listed = /one_active_run_per_target[\s\S]*?in \(([^)]*)\)/.exec(sql)?.[1]?.match(/[a-z]+/g) ?? [];
    expect(listed.toSorted()).toEqual([...occupyingStates].toSorted());
  });
});
