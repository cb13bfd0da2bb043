import picomatch from "picomatch";
import { texts } from "../runtime/pod-spec.ts";
import { goDurationMs } from "./chaos-status.ts";
import { systemCallsOf } from "./io-methods.ts";

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

/**
 * Globs as the injector of Chaos Mesh reads them: a star also matches slashes. None, and one that it cannot read,
 * matches every file.
 */
function pathPattern(path: unknown): string | null {
  if (typeof path !== "string" || path === "" || /\*\*[^/]|[^/]\*\*/.test(path)) return null;
  const { source } = picomatch.makeRe(path, { bash: true, dot: true });
  return source;
}
