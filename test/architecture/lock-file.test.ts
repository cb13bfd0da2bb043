import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface LockEntry {
  version?: string;
  resolved?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

type Packages = Record<string, LockEntry>;

/** Dependencies that the lock file names but does not hold, for which `npm ci` refuses it. */
function missing(packages: Packages): string[] {
  const has = (from: string, name: string): boolean => {
    const at = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (packages[at] !== undefined) return true;
    return from !== "" && has(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
  };
  return Object.entries(packages).flatMap(([from, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !has(from, name))
      .map((name) => `${name} (of ${from})`),
  );
}

const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")) as {
  packages: Packages;
};

type Versions = Readonly<Record<string, string>>;

/** Packages that package.json names by a range instead of one version; another one would be a change nobody sees. */
function ranges(...groups: readonly Versions[]): string[] {
  return groups
    .flatMap(Object.entries)
    .flatMap(([name, version]) => (/^\d+\.\d+\.\d+[\w.-]*$/.test(version) ? [] : [name]));
}

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Readonly<
  Record<"dependencies" | "devDependencies" | "optionalDependencies", Versions>
>;

describe("package.json", () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  it("names every package by one exact version, the lock file's", () => {
    expect(ranges(dependencies, devDependencies, optionalDependencies)).toEqual([]);
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });
  it("would be found to leave a version open by this check", () => {
    expect(ranges({ a: "^1.0.0", b: "~1.0.0", c: "latest", d: "1.x", e: "1.2.3", f: "17.10.0-beta.17" })).toHaveLength(
      4,
    );
  });
});

describe("package-lock.json", () => {
  it("holds every package of every platform (if not: node deploy/complete-lock-file.mjs)", () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(300);
    expect(missing(lock.packages)).toEqual([]);
  });
  it("names no registry", () => {
    expect(Object.values(lock.packages).filter((entry) => entry.resolved !== undefined)).toEqual([]);
  });
  it("would be found incomplete by this check", () => {
    const packages: Packages = {
      "": { dependencies: { rollup: "4" } },
      "node_modules/rollup": { optionalDependencies: { "rollup-linux": "4", "rollup-mac": "4" } },
      "node_modules/rollup/node_modules/rollup-linux": {},
    };
    expect(missing(packages)).toEqual(["rollup-mac (of node_modules/rollup)"]);
  });
});
