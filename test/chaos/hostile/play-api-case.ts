import type { ApiCase } from "./api-cases.ts";
import type { HostileRig } from "./hostile-rig.ts";

/** Plays a case; the proxy behaves again whatever became of it. */
export async function playApiCase(rig: HostileRig, { name, fault, mayEnd, play }: ApiCase): Promise<void> {
  await rig.play({ group: "hostile", name, fault, mayEnd }, async (scene) => {
    try {
      await play(scene, rig.api);
    } finally {
      rig.api.behave();
    }
  });
}
