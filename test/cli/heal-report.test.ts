import { describe, expect, it } from "vitest";
import { healedLine, healExitCode, healSummary, leftLines } from "../../src/cli/heal-report.ts";
import type { Healed } from "../../src/run/leftovers/heal-objects.ts";
import { fromNode, fromObject } from "../../src/run/leftovers/own-objects.ts";
import { cordoned, labelled } from "../support/latch-cluster.ts";

const object = fromObject("lab", labelled("run-1"));
const node = fromNode("lab", cordoned("node-1", "run-2"));
if (node === null) throw new Error("not ours");
const gone: Healed = { object, ok: true, detail: "deleted", tookMs: 2140 };
const stays: Healed = { object: node, ok: false, detail: "no answer", tookMs: 40_000 };

describe("what the command line says of healing", () => {
  it("names what was healed, how long it took, what stays, and what to type", () => {
    expect(healedLine(gone)).toBe("  healed   NetworkChaos cache/run-1-partition of run-1: deleted, 2.1 s\n");
    expect(healedLine(stays)).toMatch(/STAYS +cordon of node node-1 of run-2: no answer, after 40\.0 s/);
    const said = healSummary({ healed: [gone, stays], left: [], notSeen: [], tookMs: 40_100 });
    expect(said).toMatch(/1 of 2 healed in 40\.1 s/);
    expect(said).toMatch(/kubectl uncordon node-1/);
    expect(said).not.toContain("--all");
  });
  it("names what it left alone and what it could not see", () => {
    const said = leftLines([{ object, why: "it may be in use" }], ["Cordons could not be looked at: forbidden"]);
    expect(said).toMatch(/left +NetworkChaos cache\/run-1-partition of run-1: it may be in use/);
    expect(said).toMatch(/unknown +Cordons could not be looked at/);
    expect(said).toContain("aftershock heal --all");
    expect(leftLines([], [])).toBe("");
    const none = { healed: [], notSeen: [], tookMs: 0 };
    expect(healSummary({ ...none, left: [] })).toMatch(/Nothing of Aftershock's is left/);
    expect(healSummary({ ...none, left: [{ object, why: "in use" }] })).toMatch(/Nothing was healed[\s\S]*left/);
  });
  it("ends well only when nothing stays and everything was looked at", () => {
    expect(healExitCode([gone], [])).toBe(0);
    expect(healExitCode([gone, stays], [])).toBe(3);
    expect(healExitCode([], ["Cordons could not be looked at"])).toBe(3);
  });
});
