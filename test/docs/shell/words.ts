/** What stands for a word of the reader's own in a line for the shell, and what this reader types. */
const words: ReadonlyArray<readonly [RegExp, string]> = [
  [/--config FILE\b/g, "--config aftershock.yaml"],
  [/--kubeconfig FILE\b/g, '--kubeconfig "$KUBECONFIG"'],
  [/\bREGISTRY\b/g, "registry.example/team"],
  [/\bPASSWORD\b/g, "reader-password"],
  [/\bNODE\b/g, "lab-node-3"],
  [/\brun-\d+\b/g, "run-1"],
];

/**
 * A line as it is typed. What a page leaves open by an ellipsis (`DATABASE_URL=postgres://…`) is in the environment
 * already.
 */
export function typedBy(line: string): string {
  const given = line.replace(/^(?:[A-Z_]+=\S*…\S* )+/, "");
  return words.reduce((text, [from, to]) => text.replace(from, to), given);
}
