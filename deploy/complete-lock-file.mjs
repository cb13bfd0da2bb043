// Adds to package-lock.json the optional packages of other platforms that npm left out because the registry it was
// made with does not carry them. Without them `npm ci` refuses the lock file. Run it after every `npm install`:
//   node deploy/complete-lock-file.mjs
import { readFileSync, writeFileSync } from "node:fs";

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];

/** The key under which Node would find `name` from the package at `from`; undefined if the lock file has none. */
function locate(packages, from, name) {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf("/node_modules/")))) {
    const key = `${place === "" ? "" : `${place}/`}node_modules/${name}`;
    if (packages[key] !== undefined) return key;
    if (place === "") return undefined;
  }
}

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];
for (const [from, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (locate(lock.packages, from, name) !== undefined) continue;
    // The name tells the platform, as in @rollup/rollup-linux-arm64-musl: that is how these families are named.
    const words = name.split("/").at(-1).split("-");
    const os = systems.find((system) => words.includes(system));
    const cpu = processors.find((processor) => words.includes(processor));
    if (os === undefined || cpu === undefined || !/^\d/.test(version))
      throw new Error(`${name}@${version}: which platform?`);
    const libc =
      os !== "linux"
        ? undefined
        : words.some((word) => word.startsWith("musl"))
          ? "musl"
          : words.includes("gnu")
            ? "glibc"
            : undefined;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(entry.dev === true ? { dev: true } : {}),
      ...(libc === undefined ? {} : { libc: [libc] }),
      ...(entry.license === undefined ? {} : { license: entry.license }),
      optional: true,
      os: [os],
    };
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "package-lock.json is complete." : `Added ${added.length}: ${added.join(", ")}`);
