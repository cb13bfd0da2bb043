import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHostileApi, type HostileApi } from "../../support/hostile-api/hostile-api.ts";
import { startRig, type Rig } from "../rig.ts";

export interface HostileRig extends Rig {
  /** Stands between bot and worker and the lab's API server; kubectl and the suite's own looks go to the lab. */
  api: HostileApi;
}

/** The suite's rig with the hostile proxy before the Kubernetes API. */
export async function startHostileRig(): Promise<HostileRig> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-hostile-"));
  let api: HostileApi | undefined;
  const rig = await startRig({
    interpose: async (real) => {
      const started = await startHostileApi(real.kubeconfigPath, directory);
      api = started;
      return {
        ...real,
        kubeconfigPath: started.kubeconfigPath,
        stop: async () => {
          await started.stop();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
  });
  if (api === undefined) throw new Error("the proxy was not put in between");
  return { ...rig, api };
}
