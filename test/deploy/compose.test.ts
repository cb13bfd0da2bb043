import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

/** There is no container engine where these tests run: the file is read, and nothing of it is started. */
const text = readFileSync(new URL("../../deploy/compose.yaml", import.meta.url), "utf8");

interface Service {
  image: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  privileged?: boolean;
  secrets?: string[];
  environment?: Record<string, string>;
}
interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
}
const read = (from: string) => parse(from, { merge: true }) as Compose;

/** What lets a container be root, write its root file system, or gain rights. */
function weaknesses({ services }: Compose): string[] {
  return Object.entries(services).flatMap(([name, own]) => [
    ...(/^[1-9]\d*:[1-9]\d*$/.test(own.user ?? "") ? [] : [`${name} may run as root`]),
    ...(own.read_only === true ? [] : [`${name} may write its root file system`]),
    ...(own.cap_drop?.includes("ALL") === true && own.privileged !== true ? [] : [`${name} has capabilities`]),
    ...(own.security_opt?.includes("no-new-privileges:true") === true ? [] : [`${name} may gain privileges`]),
  ]);
}

describe("the file for docker compose", () => {
  const compose = read(text);
  it("runs everything without root, capabilities, or a root file system to write", () => {
    expect(Object.keys(compose.services)).toEqual(["postgresql", "redis", "migrate", "bot", "worker"]);
    expect(weaknesses(compose)).toEqual([]);
  });
  it.each([
    ["as root", 'user: "10001:10001"', 'user: "0:0"'],
    ["with a file system that it can write", "read_only: true", "read_only: false"],
    ["with capabilities", "cap_drop: [ALL]", "cap_drop: []"],
  ])("that ran one %s would be found by this check", (_what, safe, unsafe) => {
    expect(weaknesses(read(text.replace(safe, unsafe))).length).toBeGreaterThan(2);
  });
  it("takes every secret from a file, declares each that it uses, and uses each that it declares", () => {
    const used = Object.values(compose.services).flatMap(({ secrets = [] }) => secrets);
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
    for (const { environment = {} } of Object.values(compose.services)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/TOKEN|PASSWORD|_URL/.test(name))
          expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\//)]);
      }
    }
  });
  it("runs images of an exact version", () => {
    for (const { image } of Object.values(compose.services)) expect(image).toMatch(/:\d+\.\d+/);
  });
});
