import { findingChapters } from "./reference.ts";

/** docs/findings.md, whole. Each finding has an anchor of its own: its id with a dash for the dot. */
export function referenceMarkdown(): string {
  const chapters = findingChapters.map(({ title, entries }) => {
    const list = Object.entries(entries).map(([id, entry]) =>
      [
        `<a id="${findingAnchor(id)}"></a>`,
        `### \`${id}\``,
        "",
        `${entry.means} Severity: ${entry.severity}.`,
        "",
        `- **Cause**: ${entry.cause}`,
        `- **Evidence**: ${entry.evidence}`,
        `- **Mend**: ${entry.mend}`,
        ...(entry.source === undefined ? [] : [`- Source: ${entry.source}`]),
        "",
      ].join("\n"),
    );
    return `## ${title}\n\n${list.join("\n")}`;
  });
  return `${head}\n${chapters.join("\n")}`;
}

/** `redis.stale-reads` → `redis-stale-reads`, as docs/findings.md#redis-stale-reads. */
export function findingAnchor(id: string): string {
  return id.replace(".", "-");
}

const head = `# Findings

<!-- Written by npm run findings from src/findings/**/reference.ts; do not edit. -->

Every finding that a report can hold: what it means, why it happens, what in the run shows it, what mends it. A finding in a
report quotes the run's own figures and the live setting; this page says the rest. A system is judged by one run at a time:
repeat a run before you change a setting for it.

Severity: **critical** data is lost, damaged or divergent, or a target is still harmed; **high** service or protection
failed; **medium** slower or weaker than it should be; **low** worth knowing; **info** what happened, also when all is well.
`;
