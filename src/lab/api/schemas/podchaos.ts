import { described, list, object, oneOf, string } from "../schema.ts";
import { chaosKind, duration, mode, remoteCluster, selector, statusFields, value } from "./chaos-common.ts";

export const podChaos = chaosKind(
  "PodChaos kills pods or containers, or makes pods fail for a while.",
  object({
    "action!": oneOf("pod-kill", "pod-failure", "container-kill"),
    containerNames: list(string),
    duration,
    gracePeriod: described("Seconds between the request and the kill, for pod-kill. 0 kills at once.", {
      type: "integer",
      format: "int64",
      minimum: 0,
    }),
    "mode!": mode,
    remoteCluster,
    "selector!": selector,
    value,
  }),
  object(statusFields),
);
