import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parse, parseDocument, stringify } from "yaml";
import { AftershockError } from "../../src/errors.ts";
import { insertParameters } from "../../src/experiment/insert-parameters.ts";
import { loadExperiments, parseExperiment } from "../../src/experiment/load.ts";
import { resolveParameters } from "../../src/experiment/parameters.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { growth, hostileText, hostileValue, tries } from "../support/fuzz.ts";

const jobs = fileURLToPath(new URL("../../jobs", import.meta.url));
const texts = readdirSync(jobs, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => readFileSync(join(jobs, file), "utf8"));
const [splitBrain = ""] = texts.filter((text) => text.includes("name: redis-split-brain"));

/** The experiment, or the message of a refusal that names the file; anything else that is thrown is thrown on. */
function load(text: string): Experiment | string {
  try {
    return parseExperiment(text, "x.yaml");
  } catch (error) {
    if (!(error instanceof AftershockError)) throw error;
    expect(error.code).toBe("bad_experiment");
    expect(error.message).toMatch(/^x\.yaml(:\d+)?: ./);
    expect(error.message.length).toBeLessThan(1000);
    expect(error.hint).not.toBe("");
    return error.message;
  }
}
const refused = (text: string): string => {
  const found = load(text);
  return typeof found === "string" ? found : `taken: ${found.name}`;
};

describe("YAML that no page of text needs is refused, with its line and the reason", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x]"];
  for (let level = 0; level < 12; level += 1) {
    const [from, to] = ["abcdefghijklm"[level], "abcdefghijklm"[level + 1]];
    bomb.push(`${to}: &${to} [*${from}, *${from}, *${from}, *${from}, *${from}, *${from}, *${from}, *${from}]`);
  }
  const deep = 30_000;
  it.each([
    ["an alias", "name: &a x\ntitle: *a", /:2: aliases are not taken/],
    ["an alias for a key", "a: &a x\n*a : y", /:2: aliases are not taken/],
    ["an alias that names nothing", "a: *b", /:1: /],
    ["a bomb of aliases", bomb.join("\n"), /:2: aliases are not taken/],
    ["ten megabytes", `name: x\n${"# filled\n".repeat(1_200_000)}`, /larger than 64 KiB/],
    ["deep lists", "[".repeat(deep), /nested more than 64 deep/],
    // Composed near the end of the stack, this one ended the whole process: V8 could not compile a regular expression.
    ["deep maps", "{".repeat(2 * deep), /nested more than 64 deep/],
    ["deep blocks", "- ".repeat(deep), /nested more than 64 deep/],
    ["deep keys", "? ".repeat(deep), /nested more than 64 deep/],
    ["deep lists that are closed", `a: ${"[".repeat(deep)}${"]".repeat(deep)}`, /nested more than 64 deep/],
    ["deep indentation", Array.from({ length: 300 }, (_, at) => `${" ".repeat(at)}a:`).join("\n"), /nested more/],
    ["a key twice", "name: a\nname: b", /:2: Map keys must be unique/],
    ["a merge key", `${splitBrain}\n<<: {risk: low}`, /<</],
    ["an unknown key", splitBrain.replace("risk:", "risc:"), /risc: Unrecognized key/],
    ["a tag of a language", "name: !!js/function 'x'", /:1: Unresolved tag/],
    ["a tag that makes bytes", "name: !!binary aGk=", /:1: the tag .*binary is not taken/],
    ["a tag that makes a set", "name: !!set {a, b}", /:1: .*set/],
    ["a key that is a list", "? [a, b]\n: c", /:1: a key must be a text/],
    ["a key that is a number", "1: c", /:1: a key must be a text/],
    ["the prototype for a key", "name: x\n__proto__: {risk: low}", /:2: __proto__ is no key/],
    ["a NUL byte", "name: a\u0000b", /control character/],
    ["a NUL by an escape", 'name: "a\\0b"', /:1: a control character/],
    ["half a character by an escape", 'name: "\\uD800"', /:1: a control character/],
    ["an empty file", "", /:1: file: .*expected object/],
    ["comments only", "# nothing\n", /expected object/],
    ["a text", "just a text", /expected object/],
    ["a list", "- a\n- b", /expected object/],
    ["null", "~", /expected object/],
    ["several documents", `${splitBrain}\n---\nname: b`, /several documents/],
    ["a quote that is open", 'name: "x', /:1: Missing closing/],
    ["a name of another form", splitBrain.replace("name: redis-split-brain", "name: ../../x"), /name: lower-case/],
  ])("%s", (_what, text, message) => expect(refused(text)).toMatch(message));
  it("and a plain page is taken", () => expect(load(splitBrain)).toMatchObject({ name: "redis-split-brain" }));
});

describe("what is said of an experiment that has the right types but no sense", () => {
  const change = (path: readonly (string | number)[], value: unknown): string => {
    const document = parseDocument(splitBrain);
    document.setIn(path, value);
    return String(document);
  };
  it.each([
    [
      "a phase of more than a day",
      ["parameters", "duration", "max"],
      "25h",
      /parameters\.duration\.max is more than 24h/,
    ],
    [
      "a default above its range",
      ["parameters", "duration", "default"],
      "9h",
      /parameters\.duration\.default is outside/,
    ],
    [
      "no baseline",
      ["parameters", "baseline"],
      { type: "integer", description: "", default: 1, min: 1, max: 2 },
      /:\d+: parameters\.baseline is missing or no duration/,
    ],
    ["a pattern that is none", ["parameters", "namespace", "pattern"], "^($", /pattern is no regular expression/],
    ["a pattern open at an end", ["parameters", "namespace", "pattern"], "[a-z]+", /pattern must begin with \^/],
    ["a default against its pattern", ["parameters", "namespace", "default"], "a b", /default does not match/],
    ["a profile outside the range", ["profiles", "demo", "duration"], "9h", /profiles\.demo does not fit: duration=9h/],
    [
      "a profile of what is no parameter",
      ["profiles", "demo", "constructor"],
      "x",
      /profiles\.demo\.constructor is no parameter/,
    ],
    ["a fault with what is no parameter", ["faults", 0, "spec", "action"], "${toString}", /faults use \$\{toString\}/],
    ["infinity", ["parameters", "rate", "max"], Number.POSITIVE_INFINITY, /parameters\.rate\.max/],
    [
      "not a number",
      ["stopConditions"],
      [{ id: "a-b", title: "", client: "x", okRatioBelow: Number.NaN, forMs: 1000 }],
      /okRatioBelow/,
    ],
  ])("%s", (_what, path, value, message) => expect(refused(change(path, value))).toMatch(message));
});

/** Every path to a value in a document, the document's own first. */
function paths(value: unknown, path: readonly (string | number)[] = []): Array<readonly (string | number)[]> {
  if (typeof value !== "object" || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, inner]) =>
      paths(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

describe("every field of every experiment of the catalogue", () => {
  const places = texts.flatMap((text) =>
    paths(parse(text))
      .slice(1)
      .map((path) => ({ text, path })),
  );
  const place = fc.constantFrom(...places);
  /** The value at a path, of what came out of loading. */
  const at = (experiment: unknown, path: readonly (string | number)[]): unknown =>
    path.reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
      experiment,
    );

  it("changed to anything: loads to just that, or is refused by file, path and what is expected", () => {
    expect(places.length).toBeGreaterThan(1000);
    fc.assert(
      fc.property(place, hostileValue, ({ text, path }, value) => {
        const document = parseDocument(text);
        document.setIn(path, document.createNode(value));
        const found = load(String(document));
        if (typeof found === "string") return;
        // What loads says what was written; it was not mended, cut or left out.
        expect(JSON.parse(JSON.stringify(at(found, path) ?? null))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      tries(250),
    );
  });
  it("taken away: loads as before but for its default, or is refused", () => {
    fc.assert(
      fc.property(place, ({ text, path }) => {
        const document = parseDocument(text);
        document.deleteIn(path);
        const found = load(String(document));
        const last = path.at(-1);
        if (typeof found === "string" && typeof last === "string" && !found.includes(last)) {
          // What it was part of is named then.
          expect(found).toMatch(/: \S+ ?.*(expected|missing|parameter|pattern|range|choice|group)/);
        }
      }),
      tries(120),
    );
  });
  it("with a key more, wherever it stands: refused, but in what is free by design", () => {
    const maps = texts.flatMap((text) => {
      const whole: unknown = parse(text);
      return paths(whole).flatMap((path) => {
        const value = at(whole, path);
        return typeof value === "object" && value !== null && !Array.isArray(value) ? [{ text, path }] : [];
      });
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...maps),
        fc.constantFrom("extra", "constructor", "toString"),
        ({ text, path }, key) => {
          const document = parseDocument(text);
          document.setIn([...path, key], "x");
          const found = load(String(document));
          // A fault's spec is looked at when it is planned (src/run/fault-spec.ts); a choice's values must be choices.
          if (typeof found !== "string") expect(path[0] === "faults" && path.at(-1) === "spec").toBe(true);
        },
      ),
      tries(300),
    );
  });
});

describe("any text at all", () => {
  it("is an experiment or a refusal, never a failure", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostileText,
          fc.array(hostileText).map((all) => all.join("\n- ")),
        ),
        (text) => void load(text),
      ),
      tries(500),
    );
  });
  it("of the catalogue, cut, doubled or with something put in anywhere", () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(200), hostileText, (text, where, length, put) => {
        const start = where % text.length;
        load(text.slice(0, start) + put + text.slice(start + length));
        load(text.slice(0, start) + text.slice(start, start + length).repeat(2) + text.slice(start + length));
      }),
      tries(120),
    );
  });
  it("as any value that YAML can write", () => {
    fc.assert(
      fc.property(hostileValue, (value) => void load(stringify(value))),
      tries(300),
    );
  });
  it("takes time in proportion to its length, as far as a file may be long", () => {
    const inputs: ReadonlyArray<(length: number) => string> = [
      (length) => "[".repeat(length),
      (length) => "- ".repeat(length / 2),
      (length) => `a: ${"b ".repeat(length / 2)}`,
      (length) => `"${"\\x41".repeat(length / 4)}"`,
      (length) => "&".repeat(length),
      (length) => "1h".repeat(length / 2),
    ];
    for (const input of inputs) {
      // A regular expression without bound would not end at all; 16 would be quadratic on a quiet machine.
      expect(growth(12_000, (length) => () => load(input(length)))).toBeLessThan(40);
    }
  });
});

describe("the folder of the catalogue", () => {
  const root = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const folder = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  it("as a ConfigMap is mounted, by links into a folder beside them, is read once", async () => {
    const path = folder("configmap");
    mkdirSync(join(path, "..2026_11_25"));
    writeFileSync(join(path, "..2026_11_25", "a.yaml"), splitBrain);
    symlinkSync("..2026_11_25", join(path, "..data"));
    symlinkSync(join("..data", "a.yaml"), join(path, "a.yaml"));
    expect((await loadExperiments(path)).map(({ name }) => name)).toEqual(["redis-split-brain"]);
  });
  it("refuses a link out of it, and one that leads nowhere", async () => {
    const outside = join(root, "outside.yaml");
    writeFileSync(outside, splitBrain);
    symlinkSync(outside, join(folder("out"), "a.yaml"));
    await expect(loadExperiments(folder("out"))).rejects.toThrow("a.yaml: it is a link that leads out of the folder.");
    symlinkSync("nowhere", join(folder("dangling"), "a.yaml"));
    await expect(loadExperiments(folder("dangling"))).rejects.toMatchObject({ code: "bad_experiment" });
    symlinkSync("a.yaml", join(folder("loop"), "a.yaml"));
    await expect(loadExperiments(folder("loop"))).rejects.toMatchObject({ code: "bad_experiment" });
  });
  it("refuses a large file unread, bytes that are no UTF-8, and a name that is taken", async () => {
    writeFileSync(join(folder("large"), "a.yaml"), Buffer.alloc(12 * 1024 * 1024, "#"));
    await expect(loadExperiments(folder("large"))).rejects.toThrow("a.yaml: larger than 64 KiB.");
    writeFileSync(join(folder("latin"), "a.yaml"), Buffer.from("title: caf\u00e9", "latin1"));
    await expect(loadExperiments(folder("latin"))).rejects.toThrow("a.yaml: not UTF-8.");
    writeFileSync(join(folder("double"), "a.yaml"), splitBrain);
    writeFileSync(join(folder("double"), "b.yaml"), splitBrain);
    await expect(loadExperiments(folder("double"))).rejects.toThrow("redis-split-brain is taken by a.yaml");
  });
  it("that is not there is named; one without files has no experiments", async () => {
    await expect(loadExperiments(join(root, "none"))).rejects.toMatchObject({ code: "bad_experiment" });
    expect(await loadExperiments(folder("empty"))).toEqual([]);
  });
});

describe("a parameter's value", () => {
  const experiment = load(splitBrain);
  if (typeof experiment === "string") throw new Error(experiment);
  it("that is typed, whatever it is: within its bounds, or refused with the range and an example", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(experiment.parameters)), hostileText, (name, value) => {
        try {
          const resolved = resolveParameters(experiment, { [name]: value }, undefined)[name];
          expect(String(resolved)).toBe(typeof resolved === "number" ? String(Number(value)) : value);
        } catch (error) {
          expect(error).toMatchObject({ code: "bad_parameter", hint: expect.stringContaining("For example") });
        }
      }),
      tries(500),
    );
  });
  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "a profile or parameter named %s is unknown",
    (name) => {
      expect(() => resolveParameters(experiment, {}, name)).toThrow(/has no profile/);
      expect(() => resolveParameters(experiment, Object.fromEntries([[name, "x"]]), undefined)).toThrow(
        /has no parameter/,
      );
    },
  );
  it("that is inserted stays one value: it brings in no structure and no other parameter", () => {
    fc.assert(
      fc.property(hostileText, hostileText, (value, other) => {
        const spec = { path: "${a}", list: ["x${a}y"], deep: { b: "${b}" } };
        const inserted = insertParameters(spec, { a: value, b: other });
        expect(inserted).toEqual({ path: value, list: [`x${value}y`], deep: { b: other } });
      }),
      tries(300),
    );
  });
});
