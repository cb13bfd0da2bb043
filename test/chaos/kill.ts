import { afterAll, beforeAll, describe, it } from "vitest";
import { killCases, stepName, victimWords, type KillCase, type Moment } from "./matrix.ts";
import { startRig, type Rig } from "./rig.ts";
import type { Victim } from "./roles.ts";
import { play, requestOf } from "./routes.ts";
import type { Scene } from "./scene.ts";

/** How long a phase of the quick run lasts at least, in milliseconds: the seed chooses an instant within. */
const middleMs: Readonly<Record<string, number>> = { baseline: 900, active: 1800, verifying: 1500, judging: 500 };
const shortMs = 60;
const stepDeadlineMs = 60_000;

/** One victim's part of the kill matrix, one case after the other on one stack. */
export function killSuite(victim: Victim): void {
  describe.skipIf(process.getuid?.() !== 0)(`kill matrix: ${victim}`, () => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await startRig();
    });
    afterAll(() => rig?.close());

    // Not `it.each`, which would cut the names that --only looks for.
    for (const one of killCases(victim)) {
      const spec = { group: "kill", name: one.name, fault: victimWords[victim], mayEnd: one.mayEnd };
      it(`${one.name}, and started again`, () => rig.play(spec, (scene) => playKill(scene, one)));
    }
  });
}

/** Plays the route, and kills at the moment; what was killed is started again at once. */
export async function playKill(scene: Scene, one: KillCase): Promise<void> {
  const { moment } = one;
  const isBirth = moment.when !== "in the middle" && moment.from === "none";
  const birth = isBirth ? await prepare(scene, null, moment) : null;
  // Alice's command waits at the gate, so the kill must not wait for it.
  const kill = birth === null ? null : strike(scene, one, birth, "");
  const [runId] = await Promise.all([scene.ask(requestOf(one)), kill]);
  if (birth !== null) return play[one.route](scene, runId);
  const ready = await prepare(scene, runId, moment);
  await Promise.all([play[one.route](scene, runId), strike(scene, one, ready, runId)]);
}

/** Closes what must be closed before the run can get there; resolves to what awaits the moment and lets go. */
async function prepare(
  scene: Scene,
  runId: string | null,
  moment: Moment,
): Promise<{ moment: (runId: string) => Promise<void>; letGo: () => Promise<void> }> {
  const { gates, commits, random } = scene;
  if (moment.when === "after the commit") {
    const { from, to } = moment;
    if (from !== "none") {
      return { moment: (id) => commits.step(id, from, to, stepDeadlineMs), letGo: () => Promise.resolve() };
    }
    return { moment: () => commits.born(stepDeadlineMs), letGo: () => Promise.resolve() };
  }
  if (moment.when === "before the commit") {
    const gate = await gates.close(runId, moment.from, moment.to);
    return { moment: () => gate.reached(stepDeadlineMs), letGo: gate.open };
  }
  // The phase cannot end before the kill: a step out of it would wait here.
  const gate = await gates.close(runId, moment.state);
  const afterMs = random.between(0, middleMs[moment.state] ?? shortMs);
  return {
    moment: async (id) => {
      await commits.entered(id, moment.state, stepDeadlineMs);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
    },
    letGo: gate.open,
  };
}

async function strike(
  scene: Scene,
  { moment, victim }: KillCase,
  ready: Awaited<ReturnType<typeof prepare>>,
  runId: string,
): Promise<void> {
  try {
    await ready.moment(runId);
    scene.hurt(moment.when === "in the middle" ? moment.state : stepName(moment));
    await scene.roles.kill(victim);
  } finally {
    await ready.letGo();
  }
  await scene.roles.restart(victim);
  scene.mended();
}
