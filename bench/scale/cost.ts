import { readdirSync, readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second for every program (USER_HZ, proc(5)). */
const ticksPerSecond = 100;

export interface Cost {
  cpuMs: number;
  rssMiB: number;
}

/** Processor time so far and memory now of a process, from /proc. */
export function costOf(pid: number): Cost {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuMs: (ticks / ticksPerSecond) * 1000, rssMiB: Number(rss ?? Number.NaN) / 1024 };
}

/** `p50 12 ms, p99 40 ms, at most 41 ms`. */
export function latencies(tookMs: readonly number[]): string {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}

/** `load 1.20 (2 cores)`: how busy the machine is with other things. */
export function loadText(): string {
  const cores = readdirSync("/sys/devices/system/cpu").filter((name) => /^cpu\d+$/.test(name)).length;
  return `load ${readFileSync("/proc/loadavg", "utf8").split(" ")[0]} (${cores} cores)`;
}
