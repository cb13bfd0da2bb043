/** The channel of a run that a pipeline asked for without naming one: it is told nowhere in Slack. */
export const noChannel = "";
