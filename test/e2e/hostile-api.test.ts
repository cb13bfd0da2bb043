import { afterAll, beforeAll, describe, it } from "vitest";
import { tellingCases } from "../chaos/hostile/api-cases.ts";
import { startHostileRig, type HostileRig } from "../chaos/hostile/hostile-rig.ts";
import { playApiCase } from "../chaos/hostile/play-api-case.ts";

/** The telling part of the long suite's cases (test/chaos): whole runs from Slack, and the suite's own invariants. */
describe.skipIf(process.getuid?.() !== 0)("a hostile API server, a whole run from Slack", () => {
  let rig: HostileRig;
  beforeAll(async () => {
    rig = await startHostileRig();
  });
  afterAll(() => rig?.close());

  it.each(tellingCases.map((one) => [one.name, one] as const))("%s", (_name, one) => playApiCase(rig, one));
});
