import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { violations } from "./arrows.ts";
import { findCircle, importsOf, sourceFiles } from "./imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const files = sourceFiles(root, ["src", "commands"]);
const imports = files.flatMap((file) => importsOf(root, file));

describe("the architecture", () => {
  it("was really read", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.filter((entry) => entry.ours).length).toBeGreaterThan(files.length);
  });
  it("has only imports along the arrows", () => expect(violations(imports)).toEqual([]));
  it("has no circles", () => expect(findCircle(imports)).toBeNull());
  it("joins signals by joinSignals alone, since Node loses those of AbortSignal.any that are collected", () => {
    const bare = files.filter((file) => readFileSync(join(root, file), "utf8").includes("AbortSignal.any("));
    expect(bare).toEqual(["src/join-signals.ts"]);
  });
  it("has no file over 400 lines", () => {
    const long = files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 401);
    expect(long).toEqual([]);
  });
});

describe("the check itself", () => {
  const planted = mkdtempSync(join(tmpdir(), "aftershock-arrows-"));
  afterAll(() => rmSync(planted, { recursive: true, force: true }));
  const plant = (tree: Record<string, string>): ReturnType<typeof importsOf> => {
    rmSync(planted, { recursive: true, force: true });
    for (const [file, text] of Object.entries(tree)) {
      mkdirSync(join(planted, dirname(file)), { recursive: true });
      writeFileSync(join(planted, file), text);
    }
    return sourceFiles(planted, ["src"]).flatMap((file) => importsOf(planted, file));
  };
  it("finds an import against the arrows, static and dynamic", () => {
    const found = violations(
      plant({
        "src/findings/a.ts": 'import { x } from "../slack/b.ts";\n',
        "src/lab/c.ts": 'const y = await import("../run/d.ts");\n',
        "src/slack/b.ts": 'import { z } from "../run/conductor.ts";\n',
      }),
    );
    expect(found).toHaveLength(3);
  });
  it("lets types through only where types may go", () => {
    expect(violations(plant({ "src/slack/a.ts": 'import type { E } from "../run/events.ts";\n' }))).toEqual([]);
    expect(violations(plant({ "src/slack/a.ts": 'import { e, type E } from "../run/events.ts";\n' }))).toHaveLength(1);
  });
  it("finds a package used outside its room", () => {
    expect(violations(plant({ "src/findings/a.ts": 'import pg from "pg";\n' }))).toHaveLength(1);
  });
  it("finds a circle", () => {
    const circle = findCircle(
      plant({ "src/run/a.ts": 'import { b } from "./b.ts";\n', "src/run/b.ts": 'export { a } from "./a.ts";\n' }),
    );
    expect(circle).toEqual(["src/run/a.ts", "src/run/b.ts", "src/run/a.ts"]);
  });
});
