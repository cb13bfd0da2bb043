import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** `jobs/` beside `src/`, from the sources and from the build (`dist/src/compose`). */
export function catalogueDirectory(): string {
  const candidates = ["../../jobs", "../../../jobs"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return candidates.find((path) => existsSync(path)) ?? "jobs";
}
