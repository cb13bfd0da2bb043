import picomatch from "picomatch";

/**
 * Why a glob cannot be read by the injector of Chaos Mesh (the `glob` crate: `**` must stand alone between slashes,
 * three stars and an open bracket are errors); null when it can. One that cannot is dropped without a word, and then
 * every file of the volume is hit (anchors/chaos-platforms.md 3.5).
 */
export function globProblem(path: string): string | null {
  if (path.includes("***")) return "three stars in a row";
  if (/\*\*[^/]|[^/]\*\*/.test(path)) return "** must stand alone between slashes";
  const open = path.lastIndexOf("[");
  return open >= 0 && !path.slice(open + 2).includes("]") ? "a bracket is not closed" : null;
}

/** Whether a file, by its absolute path in the container, is hit; a star also matches slashes. No path: all are. */
export function fileMatcher(path: unknown): (file: string) => boolean {
  if (typeof path !== "string" || path === "" || globProblem(path) !== null) return () => true;
  const matches = picomatch(path, { bash: true, dot: true });
  // Its second argument changes what it answers, so it must not be handed to filter() as it is.
  return (file) => matches(file);
}
