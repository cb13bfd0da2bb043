/**
 * The run and the title that somebody meant who typed these words after `add`. A first word like `run-12` or `12` is the run;
 * a title may be quoted or not. Pure.
 */
export function meantAction(
  words: readonly string[],
  titleOption: string | undefined,
): { runId: string | null; title: string } {
  const [first = "", ...rest] = words;
  const isRun = /^(?:run-)?\d{1,9}$/i.test(first);
  const title = titleOption ?? (isRun ? rest : words).join(" ");
  return { runId: isRun ? first : null, title: title.trim() };
}
