/** A NetworkChaos called `cut` that keeps two pods of a namespace apart, both ways. */
export function partition(namespace: string, one: string, other: string): object {
  return {
    apiVersion: "chaos-mesh.org/v1alpha1",
    kind: "NetworkChaos",
    metadata: { name: "cut", namespace },
    spec: {
      action: "partition",
      mode: "all",
      direction: "both",
      selector: { pods: { [namespace]: [one] } },
      target: { mode: "all", selector: { pods: { [namespace]: [other] } } },
      duration: "5m",
    },
  };
}
