/** Port of printEvent, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { ageSince } from "../age.ts";
import { child, count, text } from "../json.ts";
import { column, nameColumn, wide } from "./column.ts";
import type { Column } from "./column.ts";

export const eventColumns: Column[] = [
  column("Last Seen", lastSeen),
  column("Type", (event) => text(event, "type")),
  column("Reason", (event) => text(event, "reason")),
  column("Object", (event) => `${text(subject(event), "kind").toLowerCase()}/${text(subject(event), "name")}`),
  wide("Subobject", (event) => text(subject(event), "fieldPath")),
  wide("Source", source),
  column("Message", (event) => text(event, "message").trim()),
  wide("First Seen", (event, nowMs) => ageSince(firstTime(event), nowMs)),
  wide("Count", (event) => count(event, "count") || 1, "integer"),
  { ...nameColumn, priority: 1 },
];

const subject = (event: LabObject) => child(event, "involvedObject");

const firstTime = (event: LabObject) => text(event, "firstTimestamp") || text(event, "eventTime");

function lastSeen(event: LabObject, nowMs: number): string {
  const seriesTime = text(child(event, "series"), "lastObservedTime");
  return ageSince(seriesTime || text(event, "lastTimestamp") || firstTime(event), nowMs);
}

function source(event: LabObject): string {
  const component = text(child(event, "source"), "component") || text(event, "reportingComponent");
  const host = text(child(event, "source"), "host") || text(event, "reportingInstance");
  return [component, host].filter((part) => part !== "").join(", ");
}
