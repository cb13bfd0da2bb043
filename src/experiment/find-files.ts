import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { AftershockError } from "../errors.ts";

/** A file of the catalogue; `name` is its own, without folders. */
export interface ExperimentFile {
  path: string;
  name: string;
  bytes: number;
}

/**
 * The YAML files below a folder, sorted by name, each once however many links lead to it: a Kubernetes ConfigMap is
 * mounted as links into a folder beside them. A link that leads nowhere, or out of the folder, is an error: nobody may
 * add an experiment by a link to a file that others may write. `bad` makes the error.
 */
export async function findExperimentFiles(
  directory: string,
  bad: (where: string, why: string) => AftershockError,
): Promise<ExperimentFile[]> {
  const [root, entries] = await Promise.all([
    realpath(directory),
    readdir(directory, { recursive: true, withFileTypes: true }),
  ]).catch(() => {
    throw bad(directory, "this folder cannot be read");
  });
  const named = entries.filter(({ name }) => /\.ya?ml$/.test(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const files = new Map<string, ExperimentFile>();
  for (const entry of named) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue;
    const path = await realpath(join(entry.parentPath, entry.name)).catch(() => {
      throw bad(entry.name, "it is a link that leads nowhere");
    });
    if (!path.startsWith(`${root}${sep}`)) throw bad(entry.name, "it is a link that leads out of the folder");
    const found = await stat(path);
    if (found.isFile() && !files.has(path)) files.set(path, { path, name: entry.name, bytes: found.size });
  }
  return [...files.values()];
}
