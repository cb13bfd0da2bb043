import picomatch from "picomatch";
import { texts } from "../runtime/pod-spec.ts";
import { goDurationMs } from "./chaos-status.ts";
import { systemCallsOf } from "./io-methods.ts";

/** One IOChaos as the lab can do it. */
export interface IoFault {
  volumePath: string;
  /** Whether a file, by its absolute path in the container, is hit. */
  matches: (path: string) => boolean;
  systemCalls: readonly string[];
  /** What is done to such a call, in strace's words, e.g. `error=5:when=1+4`. */
  tampering: string;
}

/**
 * Reads an IOChaos' spec. Throws with the reason for what the lab cannot do: actions other than latency and fault, and
 * shares that are not one in n.
 */
export function readIoFault(spec: Readonly<Record<string, unknown>>, architecture: string = process.arch): IoFault {
  const volumePath = String(spec["volumePath"] ?? "").replace(/(?<=.)\/+$/, "");
  return {
    volumePath,
    matches: pathMatcher(spec["path"]),
    systemCalls: systemCallsOf(texts(spec["methods"]), architecture),
    tampering: `${effectOf(spec)}:when=1+${oneIn(Number(spec["percent"] ?? 100))}`,
  };
}

function effectOf(spec: Readonly<Record<string, unknown>>): string {
  if (spec["action"] === "fault") return `error=${Number(spec["errno"])}`;
  if (spec["action"] !== "latency") {
    throw new Error(`the lab cannot do the action ${String(spec["action"])}; it can do latency and fault`);
  }
  const delayMs = goDurationMs(spec["delay"]);
  if (delayMs === undefined) throw new Error(`delay ${String(spec["delay"])} is no duration`);
  return `delay_enter=${Math.round(delayMs * 1000)}`;
}

/** Calls are hit one in n, counted per process and call, as strace counts them; so 100, 50, 33, 25, 20, … per cent. */
function oneIn(percent: number): number {
  const n = Math.round(100 / percent);
  if (percent > 0 && Math.abs(100 / n - percent) < 0.5) return n;
  throw new Error(`the lab hits one call in n (100, 50, 33, 25, 20, 10, … %), not ${percent} %`);
}

/**
 * Globs as the injector of Chaos Mesh reads them: a star also matches slashes. None, and one that it cannot read,
 * matches every file.
 */
function pathMatcher(path: unknown): (path: string) => boolean {
  if (typeof path !== "string" || path === "" || /\*\*[^/]|[^/]\*\*/.test(path)) return () => true;
  return picomatch(path, { bash: true, dot: true });
}
