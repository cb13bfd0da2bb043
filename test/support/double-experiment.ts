import type { Experiment } from "../../src/experiment/schema.ts";

/** An experiment of the system `double`, for rigs without a cluster. */
export function doubleExperiment(
  name: string,
  risk: Experiment["risk"],
  faults: Experiment["faults"] = [],
): Experiment {
  const duration = { type: "duration", description: "", default: "10s", min: "1s", max: "1m" } as const;
  return {
    name,
    title: `The experiment ${name}`,
    hypothesis: "It holds.",
    description: "",
    system: "double",
    risk,
    parameters: {
      duration,
      baseline: duration,
      recovery: duration,
      namespace: { type: "text", description: "", default: "n", pattern: "^[a-z0-9]+$" },
    },
    profiles: {},
    guards: [],
    probes: [],
    faults,
    stopConditions: [],
  };
}
