import type { TimelineEvent } from "../../probes/history.ts";
import { counted, seconds } from "../words.ts";
import type { Rule } from "./rule.ts";
import { between } from "../observed.ts";

/**
 * One key that both write clients set over and over. When two members took writes for it, one of them held the last
 * acknowledged value until it was overwritten by the other's.
 */
export const keyOnBothSides: Rule = ({ history, timings }) => {
  const { injectedMs, switchMs } = timings;
  if (injectedMs === null || switchMs === null) return null;
  const writes = history.events.filter((event) => event.event === "shared-key-write" && event.atMs >= injectedMs);
  const last = new Map<string, TimelineEvent>();
  for (const write of writes) last.set(String(write.detail["member"]), write);
  const overruled = timings.oldMaster === null ? undefined : last.get(timings.oldMaster);
  const kept = timings.newMaster === null ? undefined : last.get(timings.newMaster);
  const final = history.events.filter((event) => event.event === "shared-key-read");
  if (overruled === undefined || kept === undefined || overruled.atMs <= switchMs || final.length === 0) return null;
  const values = [...new Set(final.map((event) => String(event.detail["value"])))];
  const survivors = values.map((value) => {
    const write = writes.find((candidate) => candidate.detail["value"] === value);
    return write === undefined ? `"${value}"` : `"${value}", acknowledged by ${String(write.detail["member"])}`;
  });
  const gone = writes.filter(
    (write) =>
      write.detail["member"] === timings.oldMaster &&
      write.atMs > switchMs &&
      !values.includes(String(write.detail["value"])),
  ).length;
  return {
    id: "redis.key-written-on-both-sides",
    severity: "high",
    title: `Of a key written on both sides, the value of ${values.length === 1 ? String(writes.find((w) => w.detail["value"] === values[0])?.detail["member"] ?? "neither") : "different members"} survived`,
    evidence: [
      `last value acknowledged by ${timings.oldMaster}: "${String(overruled.detail["value"])}", ${seconds(between(injectedMs, overruled.atMs) ?? 0)} after injection`,
      `last value acknowledged by ${timings.newMaster}: "${String(kept.detail["value"])}", ${seconds(between(injectedMs, kept.atMs) ?? 0)} after injection`,
      `in the end: ${survivors.join("; ")} (read from ${final.map((event) => event.source).join(", ")})`,
      `${counted(gone, "acknowledged value")} of ${timings.oldMaster} after the switch ${gone === 1 ? "is" : "are"} gone without a trace`,
    ],
    advice:
      "There is no merge: the overruled side is thrown away whole, however new its values are. Keep a version in the value and compare it on write (a Lua script, or WATCH), so that an application can at least tell.",
  };
};
