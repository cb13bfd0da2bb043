import { runLabel } from "../../../src/cluster/kinds.ts";
import type { RunState } from "../../../src/run/lifecycle.ts";
import { eventsAfter } from "../../../src/store/events.ts";
import type { Asked } from "../../support/hostile-api/asked.ts";
import type { HostileApi } from "../../support/hostile-api/hostile-api.ts";
import { bySeed, type Misdeed, type Rule } from "../../support/hostile-api/misdeeds.ts";
import { quickRun } from "../rig.ts";
import type { Scene } from "../scene.ts";

export interface ApiCase {
  name: string;
  /** A row of the table. */
  fault: string;
  mayEnd: readonly RunState[];
  play(scene: Scene, api: HostileApi): Promise<void>;
}

const chaos = (verb: Asked["verb"]) => (asked: Asked) => asked.verb === verb && asked.resource === "networkchaos";
const anything = (): boolean => true;
const refused = (status: number): Misdeed => ({ does: "answer", status });

/** A run whose requests for its chaos object meet these rules; nothing is decided by the clock. */
function ruled(fault: string, name: string, states: readonly RunState[], ...rules: Rule[]): ApiCase {
  return {
    name,
    fault,
    mayEnd: ["completed"],
    play: async (scene, api) => {
      const from = api.calls.length;
      const runId = await scene.ask(quickRun);
      scene.hurt(...states);
      api.script(...rules);
      await scene.approve(runId);
      await scene.until(runId, ["completed"]);
      const met = api.calls.slice(from).filter(({ misdeed }) => misdeed !== null);
      if (met.length === 0) throw new Error("no request met what the case is about");
    },
  };
}

/** The API server does one thing to every request, from a state on and for a while. */
function storm(
  fault: string,
  name: string,
  at: RunState,
  does: Misdeed,
  options: { lastsMs: number; duration?: string; mayEnd?: readonly RunState[]; tells?: string },
): ApiCase {
  const { mayEnd = ["completed"] } = options;
  return {
    name,
    fault,
    mayEnd,
    play: async (scene, api) => {
      const runId = await scene.ask(`${quickRun} duration=${options.duration ?? "2s"}`);
      await scene.approve(runId);
      await scene.until(runId, [at]);
      scene.hurt(at);
      api.script({ when: anything, does });
      await new Promise((resolve) => setTimeout(resolve, options.lastsMs));
      api.behave();
      scene.mended();
      await scene.until(runId, mayEnd);
      if (options.tells !== undefined) await told(scene, runId, options.tells);
    },
  };
}

async function told({ database }: Scene, runId: string, event: string): Promise<void> {
  const events = await eventsAfter(database, runId, 0);
  if (!events.some((said) => said.type === "system" && said.event === event)) throw new Error(`nobody told ${event}`);
}

const lost = "the API server's answer lost after it had done its work";
const errors = "the API server answers 409, 429, 500, 503";
const hangs = "the API server hangs";
const lies = "the API server answers late, wrongly or half";

/** A short telling part of them, for every `npm test`. */
export const tellingCases: readonly ApiCase[] = [
  ruled(
    lost,
    "hostile: the answers to create and delete are lost, and 500 and 503 while healing",
    ["injecting", "healing"],
    { when: chaos("create"), does: { does: "lose-answer" }, times: 1 },
    { when: chaos("delete"), does: refused(500), times: 1 },
    { when: chaos("delete"), does: refused(503), times: 1 },
    { when: chaos("delete"), does: { does: "lose-answer" }, times: 1 },
    { when: chaos("list"), does: refused(500), times: 2 },
  ),
  storm(
    hangs,
    "hostile: hangs for 6 s while the fault is active",
    "active",
    { does: "hang" },
    { lastsMs: 6000, duration: "8s", tells: "fault-unseen" },
  ),
];

export const apiCases: readonly ApiCase[] = [
  ...tellingCases,
  ruled(lost, "hostile: create is done and never answered", ["injecting"], {
    when: chaos("create"),
    does: { does: "hang-after" },
    times: 1,
  }),
  ruled(
    errors,
    "hostile: 409, 429 with Retry-After, 500 and 503 to create",
    ["injecting"],
    { when: chaos("create"), does: refused(409), times: 1 },
    { when: chaos("create"), does: { does: "answer", status: 429, retryAfterS: 1 }, times: 1 },
    { when: chaos("create"), does: refused(500), times: 1 },
    { when: chaos("create"), does: refused(503), times: 1 },
  ),
  // Longer than the most patient call tries (src/cluster/calls.ts): which call meets the storm first differs.
  storm(errors, "hostile: nothing but 500 from preflight on, for 45 s", "preflight", refused(500), {
    lastsMs: 45_000,
    mayEnd: ["failed"],
  }),
  storm(errors, "hostile: nothing but 429 while healing, for 8 s", "healing", refused(429), { lastsMs: 8000 }),
  storm(hangs, "hostile: hangs for 15 s from healing on", "healing", { does: "hang" }, { lastsMs: 15_000 }),
  storm(
    hangs,
    "hostile: hangs for 10 s from verifying on",
    "verifying",
    { does: "hang" },
    {
      lastsMs: 10_000,
    },
  ),
  ruled(lies, "hostile: a cache that does not know the object for three looks", ["injecting", "active"], {
    when: chaos("get"),
    does: refused(404),
    times: 3,
  }),
  ruled(lies, "hostile: create is done only when it has been given up and made again", ["injecting"], {
    when: chaos("create"),
    does: { does: "apply-late", delayMs: 5000 },
    times: 1,
  }),
  ruled(
    lies,
    "hostile: half of the JSON, and bodies cut in the middle",
    ["injecting", "active", "healing"],
    { when: chaos("create"), does: { does: "truncate" }, times: 1 },
    { when: chaos("get"), does: { does: "cut" }, times: 2 },
    { when: chaos("get"), does: { does: "truncate" }, times: 2 },
    { when: chaos("delete"), does: { does: "truncate" }, times: 1 },
    { when: chaos("list"), does: { does: "truncate" }, times: 2 },
  ),
  ruled(
    lies,
    "hostile: exec is cut, garbled and refused",
    ["active", "verifying"],
    { when: ({ verb }) => verb === "exec", does: { does: "cut-stream", afterMs: 5 }, times: 3 },
    { when: ({ verb }) => verb === "exec", does: { does: "garble" }, times: 3 },
    { when: ({ verb }) => verb === "exec", does: refused(503), times: 3 },
  ),
  {
    name: "hostile: a quarter of all requests goes wrong, by seed",
    fault: "a quarter of all requests to the API server goes wrong, by seed",
    mayEnd: ["completed"],
    play: async (scene, api) => {
      api.judge(bySeed(scene.random.between(0, 2 ** 31), 0.25));
      const runId = await scene.ask(quickRun);
      scene.hurt("preflight", "baseline", "injecting", "active", "healing", "verifying");
      await scene.approve(runId);
      await scene.until(runId, ["completed"]);
    },
  },
  {
    name: "hostile: the object's create is answered by 500 and done all the same, then the worker is killed",
    fault: lost,
    mayEnd: ["interrupted"],
    play: async (scene, api) => {
      const runId = await scene.ask(`${quickRun} duration=60s`);
      api.script({ when: chaos("create"), does: { does: "hang-after" } });
      await scene.approve(runId);
      await scene.until(runId, ["injecting"]);
      await untilThere(scene, runId);
      scene.hurt("injecting");
      await scene.roles.kill("worker");
      api.behave();
      await scene.roles.restart("worker");
      scene.mended();
      await scene.until(runId, ["interrupted"]);
    },
  },
];

async function untilThere({ cluster }: Scene, runId: string): Promise<void> {
  const end = performance.now() + 10_000;
  while ((await cluster.listChaos(`${runLabel}=${runId}`)).length === 0) {
    if (performance.now() > end) throw new Error("the object was not made");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
