import { kubectlOk } from "./kubectl.ts";

/** A fault on Redis that is nobody's run: the guard `no-leftovers` does not hold while it is there. */
export function foreignFault(kubeconfigPath: string): { apply(): Promise<void>; remove(): Promise<void> } {
  const name = "somebody-elses";
  const object = {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "NetworkChaos",
    metadata: { name, namespace: "cache" },
    spec: {
      action: "partition",
      mode: "all",
      selector: { pods: { cache: ["redis-sentinel-2"] } },
      direction: "to",
      externalTargets: ["10.255.255.1"],
      duration: "5m",
    },
  };
  return {
    apply: async () => void (await kubectlOk(kubeconfigPath, ["apply", "-f", "-"], JSON.stringify(object))),
    remove: async () => void (await kubectlOk(kubeconfigPath, ["delete", "networkchaos", name, "-n", "cache"])),
  };
}
