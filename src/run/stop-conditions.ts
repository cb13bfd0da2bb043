import type { Experiment } from "../experiment/schema.ts";
import type { ProbeStatus } from "../probes/system.ts";

export interface StopReading {
  id: string;
  measured: string;
  bound: string;
}

/**
 * The first stop condition that holds, judged on the per-second shares of operations that were ok. A condition needs
 * its whole window; seconds in which nothing was due do not count against a client.
 */
export function firedStopCondition(conditions: Experiment["stopConditions"], status: ProbeStatus): StopReading | null {
  for (const condition of conditions) {
    // The others are asked of Prometheus and Alertmanager (watching/).
    if (!("client" in condition)) continue;
    const client = status.clients.find((candidate) => candidate.client === condition.client);
    const seconds = Math.ceil(condition.forMs / 1000);
    const window = client?.okRatio.slice(-seconds) ?? [];
    const judged = window.filter((ratio) => ratio !== null);
    if (window.length < seconds || judged.length === 0) continue;
    const mean = judged.reduce((sum, ratio) => sum + ratio, 0) / judged.length;
    if (mean < condition.okRatioBelow) {
      return {
        id: condition.id,
        measured: `${condition.client}: ${(mean * 100).toFixed(1)} % ok over ${seconds} s`,
        bound: `at least ${(condition.okRatioBelow * 100).toFixed(1)} %`,
      };
    }
  }
  return null;
}
