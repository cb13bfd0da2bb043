import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What only src/approvals may do: compare who acts with who may, with who asked, or with the workspace. */
const decisions: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  [
    "looks for somebody among approvers, requesters or resumers",
    /\b(approvers|requesters|resumers|approvedBy)\b[\w.?!]*\.(includes|indexOf|find|findIndex|some|every|has)\(/,
  ],
  ["looks for somebody in a user group", /\bmembers\b[\w.?!]*\.(includes|has)\(\s*\w*(user|actor)/i],
  ["compares who asked", /\brequestedBy\s*[!=]==|[!=]==\s*[\w.]*\brequestedBy\b/],
  ["compares workspaces", /\bteamId\s*[!=]==\s*\w*(team|actor)|\bactor\.teamId\s*[!=]==/i],
  ["compares who acts", /\bactor\.userId\s*[!=]==\s*[\w.]*(approver|owner|requester)/i],
  ["asks who is among whom", /\b(isAmong|standingOf)\(/],
];

const findings = (file: string, text: string): string[] =>
  text
    .split("\n")
    .flatMap((line, at) =>
      decisions
        .filter(([, pattern]) => pattern.test(line))
        .map(([what]) => `${file}:${at + 1} ${what}: ${line.trim()}`),
    );

describe("who may do what", () => {
  it("is decided in src/approvals, and nowhere else", () => {
    // The configuration is checked for sense by its names, before anybody acts.
    const elsewhere = sourceFiles(root, ["src", "commands"]).filter(
      (file) => !/^src\/(approvals|config|lab)\//.test(file),
    );
    expect(elsewhere.length).toBeGreaterThan(100);
    expect(elsewhere.flatMap((file) => findings(file, readFileSync(join(root, file), "utf8")))).toEqual([]);
  });
  it("is asked by one function there", () => {
    const inside = sourceFiles(root, ["src/approvals"])
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n");
    expect(inside.match(/export (async )?function authorise\(/g)).toHaveLength(1);
  });
  it.each([
    "if (policy.approvers.includes(actor.userId)) return allowed;",
    "const gone = schedule.approvedBy.some((user) => !ok);",
    "const gone = rule.approvers.users.some((user) => user === actor.userId);",
    "if (actor.userId === run.requestedBy) return;",
    "if (run.requestedBy !== actor.userId) return;",
    "if (actor.teamId !== teamId) throw refused();",
    "if (group.members.includes(userId)) return true;",
    "return isAmong(rule.approvers, id, facts).among;",
  ])("would be found if it were decided elsewhere: %s", (line) => expect(findings("x.ts", line)).not.toEqual([]));
  it.each([
    "const approvers = nameAll(rule.approvers, policy);",
    "requestedBy: actor.userId,",
    "const names = run.approvedBy.map((id) => `<@${id}>`).join();",
  ])("may be shown anywhere: %s", (line) => expect(findings("x.ts", line)).toEqual([]));
});
