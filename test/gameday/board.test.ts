import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadExperiments } from "../../src/experiment/load.ts";
import { plannedItemOf } from "../../src/gameday/agenda-item.ts";
import { renderBoard } from "../../src/slack/views/gameday/board.ts";
import { acts, ana, dan, somePlan, started } from "./model.ts";

const experiments = await loadExperiments(fileURLToPath(new URL("../../jobs", import.meta.url)));
const request = {
  parameters: {},
  profile: null,
  cluster: null,
  expect: "as written",
  mayBreak: "caches",
  abortWhen: null,
};
const items = experiments.map((experiment) => plannedItemOf(experiment, { ...request, experiment: experiment.name }));

describe("the board", () => {
  it("of the whole catalogue shows every item, with the buttons and what comes next", () => {
    expect(items.length).toBeGreaterThan(10);
    const play = started({ ...somePlan, items });
    play.do(acts.next(ana));
    const text = JSON.stringify(renderBoard(play.day(), "/chaos"));
    for (const { title } of items) expect(text).toContain(title);
    for (const action of ["go", "no-go", "skip", "predict", "ready", "note"]) {
      expect(text).toContain(`aftershock:gameday-${action}:`);
    }
    expect(text).toContain("Go or no-go for item 1");
    expect(text).not.toContain("were left out");
  });
  it("tells somebody who was away what happened: who is silent, the verdict, who predicted right", () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    play.do({ kind: "predict", by: dan, item: null, hypothesis: "refuted", loss: "some", runState: null });
    play.do(acts.go(ana));
    play.do({ kind: "run-requested", item: 1, run: "run-7", state: "requested" });
    expect(
      renderBoard(play.day(), "/chaos")
        .blocks.map((block) => JSON.stringify(block))
        .join(""),
    ).toContain("run-7 waits for approval");
    play.do({
      kind: "run-ended",
      run: "run-7",
      result: {
        state: "completed",
        reason: null,
        verdicts: { hypothesis: "refuted", run: "completed", cleanup: "verified" },
        lost: 14,
        findings: 3,
        guard: null,
      },
    });
    const text = JSON.stringify(renderBoard(play.day(), "/chaos"));
    expect(text).toContain("hypothesis *refuted*, 14 acknowledged writes lost, cleanup verified");
    expect(text).toContain(`right: <@${dan}>`);
    expect(text).toContain("silent:");
    expect(text).toContain("o put item 2");
  });
  it("says of a guard that did not hold that nothing was injected", () => {
    const play = started({ ...somePlan, rule: "commander" });
    play.do(acts.next(ana));
    play.do(acts.go(ana));
    play.do({ kind: "run-requested", item: 1, run: "run-7", state: "requested" });
    const guard = { title: "A healthy replica", measured: "0 replicas", bound: "at least 1" };
    play.do({
      kind: "run-ended",
      run: "run-7",
      result: { state: "failed", reason: "A guard failed.", verdicts: null, lost: null, findings: 0, guard },
    });
    expect(JSON.stringify(renderBoard(play.day(), "/chaos"))).toContain(
      "stopped by a guard before anything was injected: A healthy replica (0 replicas, must be at least 1)",
    );
  });
});
