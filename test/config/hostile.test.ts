import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import { AftershockError } from "../../src/errors.ts";
import { hostileText, hostileValue, tries } from "../support/fuzz.ts";

const example = readFileSync(new URL("../../deploy/aftershock.example.yaml", import.meta.url), "utf8");
/** The same with a policy of its own instead of the simple form. */
const withPolicies = `${example.replace(/^approvals:\n(  .*\n)+/m, "")}
policies:
  groups: { oncall: S0ONCALL }
  mayResume: [U0123ABCD, "@oncall"]
  rules:
    - name: lab at night
      environments: [staging]
      systems: [redis-sentinel]
      risks: [low, high]
      times: [{ days: [mon, fri], from: "09:00", until: "24:00", timeZone: Europe/Berlin }]
      requesters: [anyone]
      approvals: { required: 2, approvers: [U0123ABCD, "@oncall"], expiresAfter: 30m }
      limits: { namespaces: [cache], maxDuration: 5m, onePrimaryAtATime: true }
    - name: checks
      risks: [low]
      requesters: [anyone]
      approvals: none
  freezes:
    - name: year end
      when: { from: 2026-12-19 18:00, until: 2027-01-04 08:00, timeZone: UTC }
`;
const secrets = {
  SLACK_BOT_TOKEN: "xoxb-very-secret",
  SLACK_APP_TOKEN: "xapp-very-secret",
  SLACK_SIGNING_SECRET: "very-secret",
  DATABASE_URL: "postgres://x:very-secret@h/d",
  REDIS_URL: "redis://:very-secret@h",
};

/** What is said of a configuration: `taken`, or the message of a refusal that names where; anything else is thrown on. */
function said(text: string, environment: Record<string, string | undefined> = secrets): string {
  try {
    parseConfig(text, "a.yaml", environment);
    return "taken";
  } catch (error) {
    if (!(error instanceof AftershockError)) throw error;
    expect(error.code).toBe("bad_config");
    expect(error.hint).not.toBe("");
    expect(`${error.message} ${error.hint}`).not.toContain("very-secret");
    expect(error.message.length).toBeLessThan(3000);
    return error.message;
  }
}

type Path = ReadonlyArray<string | number>;

function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, inner]) =>
      paths(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

const places = [example, withPolicies].flatMap((text) =>
  paths(parse(text))
    .slice(1)
    .map((path) => ({ text, path })),
);
const changed = (path: Path, value: unknown, text = example): string => {
  const document = parseDocument(text);
  document.setIn(path, document.createNode(value));
  return String(document);
};

describe("a configuration that is wrong", () => {
  it.each([
    ["ten megabytes", `${example}\n${"#\n".repeat(5_000_000)}`, /larger than 256 KiB/],
    ["deep nesting", "{".repeat(100_000), /nested more than 64 deep/],
    ["a bomb of aliases", "a: &a [1]\nb: &b [*a,*a]\nc: [*b,*b]", /a\.yaml:2: aliases/],
    ["nothing", "", /file: .*expected object/],
    ["no YAML", "slack: [", /a\.yaml:\d+: /],
    ["a list", "- slack", /expected object/],
    ["several documents", `${example}\n---\n{}`, /several documents/],
    ["an unknown key", `${example}\nextra: 1`, /extra/],
    ["the prototype for a key", `${example}\n__proto__: {logLevel: debug}`, /__proto__ is no key/],
    ["no mode", changed(["slack"], {}), /slack\.mode/],
    ["an unknown mode", changed(["slack", "mode"], "carrier-pigeon"), /slack\.mode/],
    ["http without a port", changed(["slack", "mode"], "http"), /slack\.port/],
    ["a port out of range", changed(["health", "port"], 70_000), /health\.port/],
    ["a port in text", changed(["health", "port"], "8080"), /health\.port/],
    ["a default cluster that every object has", changed(["defaultCluster"], "constructor"), /no cluster "constructor"/],
    // As timers both would fire at once, again and again.
    ["a lease of nothing", changed(["worker", "lease"], "0ms"), /worker\.lease: must be from 100ms/],
    ["a look of a month", changed(["worker", "reconcileEvery"], "720h"), /worker\.reconcileEvery: must be from 100ms/],
    ["a negative expiry", changed(["approvals", "expiresAfter"], "-1m"), /approvals\.expiresAfter/],
    ["no approval needed", changed(["approvals", "required"], 0), /approvals\.required/],
    ["half an approval", changed(["approvals", "required"], 1.5), /approvals\.required/],
    ["an address that is none", changed(["postgres"], { url: "very-secret" }), /postgres\.url: this is no address/],
    ["an address of another kind", changed(["redis"], { url: "http://very-secret" }), /redis\.url: this is no address/],
  ])("by %s is refused by name", (_what, text, message) => expect(said(text)).toMatch(message));
  it("by its secrets is refused by the variable's name, and none is shown", () => {
    for (const name of Object.keys(secrets).filter((key) => key !== "SLACK_SIGNING_SECRET")) {
      expect(said(example, { ...secrets, [name]: "" })).toContain(`${name} is not set`);
    }
    expect(said(example, { ...secrets, DATABASE_URL: "very-secret" })).toContain("DATABASE_URL: this is no address");
    expect(said(example, { ...secrets, REDIS_URL: "redis:// very-secret" })).toContain("REDIS_URL: this is no address");
  });
  it("and the documented example is taken, and one with a policy of its own", () => {
    expect(said(example)).toBe("taken");
    expect(said(withPolicies)).toBe("taken");
  });
  it("by many mistakes names the first of them", () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`c${at}`, { wrong: 1 }]));
    expect(said(changed(["clusters"], many))).toMatch(/and \d+ more/);
  });
});

describe("every key of the configuration", () => {
  it("changed to anything: taken, or refused by its path", () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), hostileValue, ({ text, path }, value) => {
        const found = said(changed(path, value, text));
        if (found !== "taken" && !found.startsWith("a.yaml:")) expect(found).toContain(String(path[0]));
      }),
      tries(300),
    );
  });
  it("taken away: its default, or refused", () => {
    for (const { text, path } of places) {
      const document = parseDocument(text);
      document.deleteIn(path);
      const found = said(String(document));
      // Without approvals or policies nothing says who may approve; both are named then.
      if (found !== "taken") expect(found).toMatch(new RegExp(`${path[0]}|policies`));
    }
  });
  it("and any text at all, or the example with something put in anywhere", () => {
    fc.assert(
      fc.property(hostileText, fc.nat(example.length), (text, at) => {
        said(text);
        said(example.slice(0, at) + text + example.slice(at));
      }),
      tries(200),
    );
  });
});

describe("the configuration's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  it.each([
    ["is not there", () => join(folder, "none.yaml"), /none\.yaml: .*no such file/],
    ["is a folder", () => folder, /illegal operation on a directory/],
    [
      "is no UTF-8",
      () => {
        const file = join(folder, "latin.yaml");
        writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
        return file;
      },
      /latin\.yaml: not UTF-8/,
    ],
  ])("that %s is named", (_what, file, message) => {
    expect(() => loadConfig(file(), secrets)).toThrow(message);
    expect(() => loadConfig(file(), secrets)).toThrow(expect.objectContaining({ code: "bad_config" }));
  });
});
