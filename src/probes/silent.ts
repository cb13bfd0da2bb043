/** The end of a topology's summary: who did not answer; "" when all did. */
export const noAnswerFrom = (silent: readonly string[]): string =>
  silent.length === 0 ? "" : `; no answer from ${silent.join(", ")}`;

/** The pods of those who were asked and did not answer, each once. */
export const silentOf = (views: ReadonlyArray<{ pod: string; reachable: boolean }>): string[] => [
  ...new Set(views.filter(({ reachable }) => !reachable).map(({ pod }) => pod)),
];
