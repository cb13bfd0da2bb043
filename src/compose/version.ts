import { existsSync, readFileSync } from "node:fs";

/** What package.json says, found from the sources and from the build (`dist/src/compose`); unknown where there is none. */
export function ownVersion(): string {
  const candidates = ["../../package.json", "../../../package.json"].map((path) => new URL(path, import.meta.url));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) return "unknown";
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: string };
  return version ?? "unknown";
}
