/** Option values that stand for nothing chosen: no name of ours has a star. */
export const anySystem = "*";
export const defaultOption = "*";
/** The value of a button that opens the form with nothing picked: Slack takes no empty one. */
export const noExperiment = "*";
/** Before a choice, so that no choice is taken for the default. */
export const choicePrefix = "=";

/** By this it is read, whatever the system. */
export const experimentAction = "run-experiment";

/**
 * Names of what is entered in the form for a run. Block and action have one name each, so that Slack keeps what was entered
 * as long as it means the same, and drops it with the experiment that it was for (docs.slack.dev, Updating views).
 */
export const names = {
  form: "run-form",
  system: "run-system",
  /** Of another system it is another question: what was picked there does not stay. */
  experiment: (system: string | null): string => `${experimentAction}:${system ?? anySystem}`,
  cluster: "run-cluster",
  channel: "run-channel",
  profile: (experiment: string): string => `run-profile:${experiment}`,
  parameter: (experiment: string, parameter: string): string => `run-param:${experiment}:${parameter}`,
  /** Whether settings that say where the system is are shown, too. */
  everything: (experiment: string): string => `run-everything:${experiment}`,
} as const;

/** What is looked at as soon as it is changed: the parts of the names above up to the colon. */
export const lookedAt = [
  "run-system",
  "run-experiment",
  "run-cluster",
  "run-profile",
  "run-param",
  "run-everything",
] as const;
