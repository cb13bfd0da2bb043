import { texts } from "../runtime/pod-spec.ts";
import { goDurationMs } from "./chaos-status.ts";
import { systemCallsOf } from "./io-methods.ts";
import { pathPattern } from "./io-path.ts";

/** One IOChaos as the lab does it. */
export interface IoFault {
  volumePath: string;
  /** Which files are hit, by their absolute path in the container, as the source of a regular expression; null: all. */
  pattern: string | null;
  calls: readonly string[];
  /** Chance of each call to be hit, by itself, 0..100. */
  percent: number;
  /** What a hit call returns; null: what it returns by itself. */
  errno: number | null;
  delayMs: number;
}

/** Reads an IOChaos' spec. Throws with the reason for actions other than latency and fault. */
export function readIoFault(spec: Readonly<Record<string, unknown>>): IoFault {
  const action = spec["action"];
  if (action !== "fault" && action !== "latency") {
    throw new Error(`the lab cannot do the action ${String(action)}; it can do latency and fault`);
  }
  const delayMs = action === "latency" ? goDurationMs(spec["delay"]) : 0;
  if (delayMs === undefined) throw new Error(`delay ${String(spec["delay"])} is no duration`);
  return {
    volumePath: String(spec["volumePath"] ?? "").replace(/(?<=.)\/+$/, ""),
    pattern: pathPattern(spec["path"]),
    calls: systemCallsOf(texts(spec["methods"])),
    percent: Number(spec["percent"] ?? 100),
    errno: action === "fault" ? Number(spec["errno"]) : null,
    delayMs,
  };
}
