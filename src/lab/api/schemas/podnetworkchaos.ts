import { int64, list, object, string } from "../schema.ts";
import { chaosKind } from "./chaos-common.ts";
import { trafficFields } from "./traffic.ts";

export const podNetworkChaos = chaosKind(
  "PodNetworkChaos holds the network rules in force on one pod.",
  object({
    ipsets: list(
      object({
        cidrAndPorts: list(object({ "cidr!": string, "port!": { type: "integer", minimum: 1, maximum: 65535 } })),
        cidrs: list(string),
        "ipsetType!": string,
        "name!": string,
        setNames: list(string),
        "source!": string,
      }),
    ),
    iptables: list(
      object({
        device: string,
        "direction!": string,
        ipsets: { ...list(string), nullable: true },
        "name!": string,
        "source!": string,
      }),
    ),
    tcs: list(object({ ...trafficFields, device: string, ipset: string, "source!": string, "type!": string })),
  }),
  object({ failedMessage: string, observedGeneration: int64 }),
);
