import { afterAll, beforeAll, describe, it } from "vitest";
import { apiCases } from "./api-cases.ts";
import { startHostileRig, type HostileRig } from "./hostile-rig.ts";
import { playApiCase } from "./play-api-case.ts";

describe.skipIf(process.getuid?.() !== 0)("a hostile API server", () => {
  let rig: HostileRig;
  beforeAll(async () => {
    rig = await startHostileRig();
  });
  afterAll(() => rig?.close());

  it.each(apiCases.map((one) => [one.name, one] as const))("%s", (_name, one) => playApiCase(rig, one));
});
