/** Port of printPod, pkg/printers/internalversion of Kubernetes. */
import type { LabObject } from "../../objects.ts";
import { ageSince } from "../age.ts";
import { child, children, count, text } from "../json.ts";
import type { Json } from "../json.ts";
import { ageColumn, column, nameColumn, orNone, wide } from "./column.ts";
import type { Column } from "./column.ts";

export const podColumns: Column[] = [
  nameColumn,
  column("Ready", readyCell),
  column("Status", statusCell),
  column("Restarts", restartsCell),
  ageColumn,
  wide("IP", (pod) => orNone(text(pod.status, "podIP"))),
  wide("Node", (pod) => orNone(text(pod.spec, "nodeName"))),
  wide("Nominated Node", (pod) => orNone(text(pod.status, "nominatedNodeName"))),
  wide("Readiness Gates", gatesCell),
];

function readyCell(pod: LabObject): string {
  const ready = children(pod.status, "containerStatuses").filter(
    (status) => status["ready"] === true && status["state"] !== undefined && isRunning(status),
  );
  return `${ready.length}/${children(pod.spec, "containers").length}`;
}

function isRunning(status: Json): boolean {
  return child(status, "state")["running"] !== undefined;
}

function statusCell(pod: LabObject): string {
  const { status } = pod;
  let reason = text(status, "reason") || text(status, "phase");
  const statuses = children(status, "containerStatuses");
  for (const container of statuses.toReversed()) reason = containerReason(container) ?? reason;
  const anyRunning = statuses.some((container) => container["ready"] === true && isRunning(container));
  if (reason === "Completed" && anyRunning) reason = isReady(pod) ? "Running" : "NotReady";
  if (pod.metadata.deletionTimestamp !== undefined && !isTerminal(pod)) {
    return text(status, "reason") === "NodeLost" ? "Unknown" : "Terminating";
  }
  return reason;
}

function containerReason(container: Json): string | undefined {
  const waiting = text(child(child(container, "state"), "waiting"), "reason");
  if (waiting !== "") return waiting;
  const terminated = child(container, "state")["terminated"];
  if (terminated === undefined) return undefined;
  const reason = text(terminated, "reason");
  if (reason !== "") return reason;
  const signal = count(terminated, "signal");
  return signal === 0 ? `ExitCode:${count(terminated, "exitCode")}` : `Signal:${signal}`;
}

function isReady(pod: LabObject): boolean {
  return children(pod.status, "conditions").some((c) => c["type"] === "Ready" && c["status"] === "True");
}

function isTerminal(pod: LabObject): boolean {
  const phase = text(pod.status, "phase");
  return phase === "Succeeded" || phase === "Failed";
}

function restartsCell(pod: LabObject, nowMs: number): string {
  const statuses = children(pod.status, "containerStatuses");
  const restarts = statuses.reduce((sum, container) => sum + count(container, "restartCount"), 0);
  const ends = statuses.map((container) => text(child(child(container, "lastState"), "terminated"), "finishedAt"));
  const last = ends.toSorted().at(-1) ?? "";
  return restarts === 0 || last === "" ? String(restarts) : `${restarts} (${ageSince(last, nowMs)} ago)`;
}

function gatesCell(pod: LabObject): string {
  const gates = children(pod.spec, "readinessGates").map((gate) => text(gate, "conditionType"));
  if (gates.length === 0) return "<none>";
  const conditions = children(pod.status, "conditions");
  const met = gates.filter((gate) => conditions.some((c) => c["type"] === gate && c["status"] === "True"));
  return `${met.length}/${gates.length}`;
}
