import { matchesGlob, parseGlob } from "./toda-glob.ts";

/**
 * Why a glob cannot be read by the injector of Chaos Mesh; null when it can. One that cannot is dropped without a word,
 * and then every file of the volume is hit (anchors/chaos-platforms.md 3.5).
 */
export function globProblem(path: string): string | null {
  const parsed = parseGlob(path);
  return "problem" in parsed ? parsed.problem : null;
}

/** Whether a file, by its absolute path in the container, is hit. No path, or one that cannot be read: all are. */
export function fileMatcher(path: unknown): (file: string) => boolean {
  const parsed = typeof path === "string" && path !== "" ? parseGlob(path) : null;
  if (parsed === null || "problem" in parsed) return () => true;
  return (file) => matchesGlob(parsed.tokens, file);
}
