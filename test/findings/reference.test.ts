import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findingAnchor, referenceMarkdown } from "../../src/findings/reference-markdown.ts";
import { findingChapters } from "../../src/findings/reference.ts";

const folder = fileURLToPath(new URL("../../src/findings", import.meta.url));
const prefixes = "redis|patroni|cnpg|postgres-io|reschedule|backup|application|etcd|rabbitmq|kafka|comparison|probe";

/** Ids of findings that a text of the code can make. A rule of backups leaves the system out: `critical("missing", …`. */
function idsIn(file: string, text: string): string[] {
  const whole = [...text.matchAll(new RegExp(`"((?:${prefixes})\\.(?!conf")[a-z][a-z-]+)"`, "g"))].map(
    ([, id = ""]) => id,
  );
  const short = [...text.matchAll(/critical\(\s*"([a-z-]+)"/g)].map(([, id = ""]) => `backup.${id}`);
  return file.endsWith("backup/verify-rules.ts") ? [...whole, ...short] : whole;
}
const code = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith("reference.ts"),
);
const made = [...new Set(code.flatMap((file) => idsIn(file, readFileSync(join(folder, file), "utf8"))))];
const described = findingChapters.flatMap(({ entries }) => Object.keys(entries));

describe("the reference of findings", () => {
  it("has an entry for every finding that the code can make", () =>
    expect(made.filter((id) => !described.includes(id))).toEqual([]));
  it("has no entry that no code makes", () => expect(described.filter((id) => !made.includes(id))).toEqual([]));
  it("sees a finding that would lack one", () => {
    expect(idsIn("x.ts", 'return { id: "redis.brand-new", severity')).toEqual(["redis.brand-new"]);
    expect(idsIn("backup/verify-rules.ts", 'critical(\n  "brand-new",')).toEqual(["backup.brand-new"]);
  });
  it("says something in every part", () => {
    for (const { entries } of findingChapters) {
      for (const [id, { means, cause, evidence, mend }] of Object.entries(entries)) {
        for (const part of [means, cause, evidence, mend]) expect(part, id).toMatch(/^\S.{5,}\.$/s);
      }
    }
  });
  it("is docs/findings.md (npm run findings writes it)", () =>
    expect(readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8")).toBe(referenceMarkdown()));
  it("has one anchor for each", () => {
    const anchors = described.map(findingAnchor);
    expect(new Set(anchors).size).toBe(anchors.length);
  });
});
