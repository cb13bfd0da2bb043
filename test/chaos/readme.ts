const begin = "<!-- chaos table: written by npm run test:chaos -- --write -->";
const end = "<!-- chaos table: end -->";

/** Puts the table between its two marker comments. Throws when they are not both there, in order. */
export function withTable(readme: string, table: string): string {
  const from = readme.indexOf(begin);
  const to = readme.indexOf(end);
  if (from === -1 || to < from) {
    throw new Error(`README.md has no place for the table. Put these two lines where it belongs:\n${begin}\n${end}`);
  }
  return `${readme.slice(0, from)}${begin}\n\n${table}\n\n${readme.slice(to)}`;
}
