import type { EventDetail, EventWords } from "./event-words.ts";

const onNode = ({ node }: EventDetail): string => `on ${String(node)}`;
const fromNode = ({ volume, node }: EventDetail): string => `${String(volume)} from ${String(node)}`;
const toNode = ({ volume, node }: EventDetail): string => `${String(volume)} to ${String(node)}`;
const reason = (detail: EventDetail): string => String(detail["reason"]);
const marker = ({ rows, checksum, systemIdentifier }: EventDetail): string =>
  `${String(rows)} rows, checksum ${String(checksum).slice(0, 8)}, database ${String(systemIdentifier)}`;

/** A pod on its way to another node, its volume, and its data. */
export const placementWords: EventWords = {
  "pod-scheduled": onNode,
  "containers-started": onNode,
  "pod-ready": onNode,
  "pod-gone": ({ node }) => `was on ${String(node)}`,
  "pod-unschedulable": reason,
  "marker-unread": reason,
  "volume-detaching": fromNode,
  "volume-detached": fromNode,
  "volume-attaching": toNode,
  "volume-attached": toNode,
  "marker-written": marker,
  "marker-read": marker,
  "node-read": ({ node, schedulable }) => `${String(node)} ${schedulable === true ? "takes pods" : "takes no pods"}`,
};
