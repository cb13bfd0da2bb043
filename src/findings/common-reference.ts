import type { FindingReference } from "./finding-reference.ts";

/** Findings that a run of any system can have. */
export const commonReference: Readonly<Record<string, FindingReference>> = {
  "comparison.regression": {
    severity: "high when the hypothesis held before or loss is new, otherwise medium",
    means: "Something is worse than it usually was, or than in the last run.",
    cause: "A changed setting, version or load; or chance.",
    evidence:
      "Each measure now beside the median and spread (MAD) of comparable runs, or the last run; settings that differ.",
    mend: "Look at the settings that differ, then repeat the run.",
    source: "Iglewicz and Hoaglin, modified z-score",
  },
  "comparison.no-regression": {
    severity: "info",
    means: "Nothing is worse than before.",
    cause: "What changed lies within the tolerance, or the spread of the runs before.",
    evidence: "Measures that are better; settings that differ.",
    mend: "Nothing.",
  },
  "comparison.other-parameters": {
    severity: "info",
    means: "The last run had other parameters, so it is shown and not judged by.",
    cause: "A parameter was typed, or a default changed.",
    evidence: "The parameters that differ.",
    mend: "Run it with the parameters of the last run to compare.",
  },
  "probe.way-in-down": {
    severity: "medium",
    means: "The probes saw nothing of the system for a while, because the way to its pods was down.",
    cause: "The API server, a node's kubelet, or the network before them; only where pods are reached by port-forward.",
    evidence: "From when to when, to which pods, and what the connections met.",
    mend: "Run the worker inside the cluster (docs/deploy.md). The run proves nothing about that time.",
  },
  "probe.schedule-slipped": {
    severity: "low",
    means: "The probes did not send when they were due.",
    cause: "The worker has too little CPU for the rate.",
    evidence: "Operations not sent, and lateness by client (p99 above 50 ms).",
    mend: "A lower rate=, or a core of its own for the worker. Latencies count from the planned time and include it.",
    source: "Open-loop measurement: Gil Tene, coordinated omission (wrk2)",
  },
};
