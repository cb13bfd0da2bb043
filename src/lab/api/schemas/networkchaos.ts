import { described, list, object, oneOf, string } from "../schema.ts";
import { chaosKind, duration, instances, mode, remoteCluster, selector, statusFields, value } from "./chaos-common.ts";
import { trafficFields } from "./traffic.ts";

export const networkChaos = chaosKind(
  "NetworkChaos disturbs the network of pods: partition, delay, loss, duplication, corruption, bandwidth.",
  object({
    "action!": oneOf("netem", "delay", "loss", "duplicate", "corrupt", "partition", "bandwidth"),
    ...trafficFields,
    device: string,
    direction: described("Direction of the traffic, seen from the selected pods.", {
      ...oneOf("to", "from", "both"),
      default: "to",
    }),
    duration,
    externalTargets: list(string),
    "mode!": mode,
    remoteCluster,
    "selector!": selector,
    target: described("The other side.", object({ "mode!": mode, "selector!": selector, value })),
    targetDevice: string,
    value,
  }),
  object({ ...statusFields, instances }),
);
