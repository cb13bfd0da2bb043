import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Verb } from "./verb.ts";

/** Loads every file of the folder; each must export `verb`. A name or button given twice is an error. */
export async function loadVerbs(directory: string): Promise<Verb[]> {
  const files = (await readdir(directory))
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith(".d.ts"))
    .toSorted();
  const verbs = await Promise.all(
    files.map(async (file) => {
      const module: unknown = await import(pathToFileURL(join(directory, file)).href);
      if (!hasVerb(module)) throw new Error(`commands/${file} does not export a verb`);
      if (module.verb.name !== file.slice(0, -extname(file).length)) {
        throw new Error(`commands/${file} exports the verb ${module.verb.name}; file and verb must have one name`);
      }
      return module.verb;
    }),
  );
  refuseDoubles(
    verbs.flatMap((verb) => [verb.name, ...(verb.aliases ?? [])]),
    "verb",
  );
  refuseDoubles(
    verbs.flatMap((verb) => Object.keys(verb.buttons ?? {})),
    "button",
  );
  refuseDoubles(
    verbs.flatMap((verb) => Object.keys(verb.inputs ?? {})),
    "input",
  );
  refuseDoubles(
    verbs.flatMap((verb) => Object.keys(verb.modals ?? {})),
    "form",
  );
  refuseDoubles(
    verbs.flatMap((verb) => Object.keys(verb.messages ?? {})),
    "shortcut",
  );
  refuseDoubles(
    verbs.flatMap((verb) => (verb.appHome === undefined ? [] : ["for everybody"])),
    "App Home",
  );
  const idle = verbs.find((verb) => typeof verb.run !== "function");
  if (idle !== undefined) throw new Error(`commands/${idle.name} has a verb without run()`);
  return verbs;
}

function refuseDoubles(names: readonly string[], what: string): void {
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) throw new Error(`two files in commands/ have the ${what} ${double}`);
}

function hasVerb(module: unknown): module is { verb: Verb } {
  if (typeof module !== "object" || module === null || !("verb" in module)) return false;
  const { verb } = module;
  return typeof verb === "object" && verb !== null && "name" in verb && typeof verb.name === "string";
}
