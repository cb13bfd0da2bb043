import type { RunEvent } from "../../run/events.ts";

/** What is said of a pod on its way to another node, and of its volume and data; null for any other event. */
export function placementWords({ event, detail }: Extract<RunEvent, { type: "system" }>): string | null {
  const text = (name: string): string => String(detail[name]);
  switch (event) {
    case "pod-scheduled":
    case "containers-started":
    case "pod-ready":
      return `on ${text("node")}`;
    case "pod-gone":
      return `was on ${text("node")}`;
    case "pod-unschedulable":
    case "marker-unread":
      return text("reason");
    case "volume-detaching":
    case "volume-detached":
      return `${text("volume")} from ${text("node")}`;
    case "volume-attaching":
    case "volume-attached":
      return `${text("volume")} to ${text("node")}`;
    case "marker-written":
    case "marker-read":
      return `${text("rows")} rows, checksum ${text("checksum").slice(0, 8)}, database ${text("systemIdentifier")}`;
    case "node-read":
      return `${text("node")} ${detail["schedulable"] === true ? "takes pods" : "takes no pods"}`;
    default:
      return null;
  }
}
