import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

export interface Import {
  /** Importing file, relative to the root. */
  from: string;
  /** Imported file of ours, or the package's name. */
  to: string;
  ours: boolean;
  /** `import type`, or only type specifiers. */
  typeOnly: boolean;
}

/** All source files below the rooms of a tree. */
export function sourceFiles(root: string, rooms: readonly string[]): string[] {
  return rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
}

/** Static and dynamic imports and re-exports of one file. */
export function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const found: Import[] = [];
  const add = (target: string, typeOnly: boolean): void => {
    const ours = target.startsWith(".");
    found.push({ from: file, to: ours ? normalize(join(dirname(file), target)) : target, ours, typeOnly });
  };
  for (const [, clause = "", target = ""] of text.matchAll(/^\s*(?:import|export)\s+([^;"']*?)\s*from\s*"([^"]+)"/gm)) {
    const names =
      /\{([^}]*)\}/
        .exec(clause)?.[1]
        ?.split(",")
        .map((name) => name.trim())
        .filter(Boolean) ?? [];
    const allTypes =
      names.length > 0 && clause.trim().startsWith("{") && names.every((name) => name.startsWith("type "));
    add(target, clause.startsWith("type ") || allTypes);
  }
  for (const [, target = ""] of text.matchAll(/^\s*import\s*"([^"]+)"/gm)) add(target, false);
  for (const [, target = ""] of text.matchAll(/import\(\s*"([^"]+)"\s*\)/g)) add(target, false);
  return found;
}

/** A circle of files, each importing the next; null if there is none. Type-only imports do not count: they are gone at run time. */
export function findCircle(imports: readonly Import[]): string[] | null {
  const edges = new Map<string, string[]>();
  for (const { from, to, ours, typeOnly } of imports) {
    if (ours && !typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const next of edges.get(file) ?? []) {
      const circle = visit(next, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of edges.keys()) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}
