import { describe, expect, it } from "vitest";
import { judgeLeftover, type RunFacts } from "../../src/run/leftovers/judge-leftover.ts";
import { fromNode, fromObject } from "../../src/run/leftovers/own-objects.ts";
import { runStates, isTerminal } from "../../src/run/lifecycle.ts";
import { cordoned, labelled } from "../support/latch-cluster.ts";

const here = "11111111-1111-4111-8111-111111111111";
const elsewhere = "22222222-2222-4222-8222-222222222222";
const object = (change: Parameters<typeof labelled>[1] = {}) => fromObject("lab", labelled("run-1", change));
const node = (until?: string) => {
  const found = fromNode("lab", cordoned("node-1", "run-1", until));
  if (found === null) throw new Error("not ours");
  return found;
};
const facts = (change: Partial<RunFacts> = {}): RunFacts => ({
  state: null,
  intended: false,
  installation: here,
  ...change,
});
const now = (change: Partial<{ seenForMs: number; graceMs: number }> = {}) => ({
  atMs: Date.now(),
  seenForMs: 0,
  graceMs: 30_000,
  ...change,
});
const ours = { labels: { "aftershock.dev/installation": here } };
const theirs = { labels: { "aftershock.dev/installation": elsewhere } };
const old = { duration: "25s", ageMs: 60_000 };

describe("with a database", () => {
  it.each(runStates.filter((state) => !isTerminal(state)))("leaves what a run that is %s may want", (state) => {
    for (const change of [ours, {}, { ...ours, ...old }]) {
      expect(judgeLeftover(object(change), facts({ state, intended: true }), now()).orphan).toBe(false);
    }
    expect(judgeLeftover(node("2000-01-01T00:00:00Z"), facts({ state, intended: true }), now()).orphan).toBe(false);
  });
  it.each(runStates.filter(isTerminal))("takes at once what a run left that is %s", (state) => {
    expect(judgeLeftover(object(ours), facts({ state, intended: true }), now()).orphan).toBe(true);
    expect(judgeLeftover(object(), facts({ state, intended: true }), now()).orphan).toBe(true);
    expect(judgeLeftover(node(), facts({ state, intended: true }), now()).orphan).toBe(true);
  });
  it("takes what belongs to an unknown run when it has seen it long enough, or when it is past its own end", () => {
    expect(judgeLeftover(object(ours), facts(), now()).orphan).toBe(false);
    expect(judgeLeftover(object(ours), facts(), now({ seenForMs: 30_000 })).orphan).toBe(true);
    expect(judgeLeftover(object({ ...ours, ...old }), facts(), now()).orphan).toBe(true);
  });
  it("leaves another database's objects until they are past their own end, whatever its own run of that number is", () => {
    const done = facts({ state: "completed", intended: true });
    expect(judgeLeftover(object(theirs), done, now({ seenForMs: 1e9 })).orphan).toBe(false);
    expect(judgeLeftover(object({ ...theirs, ...old }), done, now()).orphan).toBe(true);
  });
  it("undoes the cordon of an unknown run when its lease is over, not before", () => {
    const late = new Date(Date.now() - 60_000).toISOString();
    const soon = new Date(Date.now() + 60_000).toISOString();
    expect(judgeLeftover(node(late), facts(), now()).orphan).toBe(true);
    expect(judgeLeftover(node(soon), facts(), now({ seenForMs: 1e9 })).orphan).toBe(false);
    // Its run of that number never meant this node: it may be another database's.
    expect(judgeLeftover(node(soon), facts({ state: "completed" }), now({ seenForMs: 1e9 })).orphan).toBe(false);
    expect(judgeLeftover(node("soon"), facts(), now({ seenForMs: 30_000 })).orphan).toBe(true);
  });
});

describe("without a database", () => {
  const judged = (found: Parameters<typeof judgeLeftover>[0]) => judgeLeftover(found, null, now());
  it("takes only what is past its own end, or was deleted and stays", () => {
    expect(judged(object(old)).orphan).toBe(true);
    expect(judged(object())).toMatchObject({ orphan: false, why: expect.stringMatching(/in use until/) });
    const deleted = labelled("run-1");
    deleted.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    expect(judged(fromObject("lab", deleted)).orphan).toBe(true);
  });
  it("leaves what does not say when it ends", () => {
    expect(judged(object({ duration: "1.5h", ageMs: 1e9 })).orphan).toBe(false);
    expect(judged(node()).orphan).toBe(false);
  });
  it("takes a cordon by its lease", () => {
    expect(judged(node("2000-01-01T00:00:00Z")).orphan).toBe(true);
    expect(judged(node(new Date(Date.now() + 60_000).toISOString())).orphan).toBe(false);
  });
});

it("sees nothing of ours in a node that somebody else cordoned", () => {
  expect(fromNode("lab", cordoned("node-1", null))).toBeNull();
});
