import { redactDeep } from "../../redact.ts";
import type { Group, Status } from "./line.ts";

const marks: Readonly<Record<Status, string>> = { well: "✔", wrong: "✘", warning: "!", unknown: "?" };
const words: Readonly<Record<Status, string>> = {
  well: "well",
  wrong: "wrong",
  warning: "to look at",
  unknown: "not seen",
};

export type Counts = Readonly<Record<Status, number>>;

/** How many lines of each kind there are. Pure. */
export function countLines(groups: readonly Group[]): Counts {
  const of = (status: Status): number =>
    groups.flatMap(({ lines }) => lines).filter((line) => line.status === status).length;
  return { well: of("well"), wrong: of("wrong"), warning: of("warning"), unknown: of("unknown") };
}

/** What the process ends with: 1 where something is wrong, or (strict) not certainly well. Pure. */
export function exitCodeOf({ wrong, warning, unknown }: Counts, rule: "wrong" | "strict"): 0 | 1 {
  return wrong > 0 || (rule === "strict" && warning + unknown > 0) ? 1 : 0;
}

/** The groups for a terminal, what mends a line below it. `secrets` are left out. Pure. */
export function printGroups(groups: readonly Group[], secrets: readonly string[]): string {
  const shown = redactDeep(groups, secrets).map(({ title, lines }) => {
    const rows = lines.map(({ status, text, mend }) => {
      const below = mend === null ? "" : `\n      ${mend.replaceAll("\n", "\n      ")}`;
      return `  ${marks[status]} ${text}${below}`;
    });
    return `${title}\n${rows.join("\n")}\n`;
  });
  const counts = countLines(groups);
  const last = (Object.keys(words) as Status[]).map((status) => `${counts[status]} ${words[status]}`).join(", ");
  return `${shown.join("\n")}\n${last}\n`;
}

/** The same for programs. Pure. */
export function groupsAsJson(groups: readonly Group[], secrets: readonly string[]): string {
  return `${JSON.stringify({ groups: redactDeep(groups, secrets), counts: countLines(groups) }, null, 2)}\n`;
}
