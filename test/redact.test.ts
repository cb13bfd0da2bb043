import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createLog } from "../src/cli/log.ts";
import { AftershockError, messageOf } from "../src/errors.ts";
import { createHiding, redactDeep, redactSecrets } from "../src/redact.ts";

describe("redaction", () => {
  it.each([
    ["connect to postgres://bot:hunter2@db:5432/x failed", "connect to postgres://bot:…@db:5432/x failed"],
    ["redis://:hunter2@cache:6379", "redis://:…@cache:6379"],
    ["amqp://bot:hun/ter@2@mq", "amqp://bot:…@mq"],
    ["invalid_auth for xoxb-123-abc and xapp-1-A0-def", "invalid_auth for xoxb-… and xapp-…"],
    ["authorization: Bearer abcdefghijklmnopqrstuvwxyz", "authorization: Bearer …"],
    ["PGPASSWORD=hunter2 psql", "PGPASSWORD=… psql"],
    ['{"password":"hunter2","user":"bot"}', '{"password":"…","user":"bot"}'],
    ["jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrOHMifQ.c2lnbmF0dXJl end", "jwt eyJ… end"],
    ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- after", "(private key) after"],
  ])("hides the secret in %j", (text, hidden) => {
    expect(redactSecrets(text)).toBe(hidden);
    expect(redactSecrets(hidden)).toBe(hidden);
  });
  it.each([
    "The bot token, xoxb-…, is not set: export SLACK_BOT_TOKEN=…",
    "redis://cache:6379 and postgres://bot@db/x do not answer",
    "its password is PGPASSWORD in the worker's environment",
    "master redis-0 at 10.0.0.1:6379, mail to a@b.example",
    "min-replicas-to-write 1: Basic setting; 12 tokens left",
    "plan 896458a2707d at 22:09:54 UTC (1 of 1)",
  ])("leaves alone %j", (text) => expect(redactSecrets(text)).toBe(text));
  it("hides known secrets wherever they stand, also encoded, but no short word", () => {
    expect(redactSecrets("x correct horse battery y", ["correct horse battery"])).toBe("x … y");
    expect(redactSecrets("x correct%20horse%20battery y", ["correct horse battery"])).toBe("x … y");
    expect(redactSecrets("the user postgres", ["postgres"])).toBe("the user postgres");
    // As Bitnami's charts make them, and as JSON writes them.
    expect(redactSecrets("AUTH x7Kq2LmN9p failed", ["x7Kq2LmN9p"])).toBe("AUTH … failed");
    expect(redactSecrets('{"said":"no \\"quoted\\" one"}', ['no "quoted" one'])).toBe('{"said":"…"}');
  });
  it("hides what is learnt later, in plain data of any depth, and nothing else", () => {
    const hiding = createHiding(["from the start on"]);
    const said = { detail: ["login with from-the-cluster-7 failed", "from the start on"], count: 1, at: new Date(0) };
    expect(hiding.hide(said)).toEqual({ ...said, detail: [said.detail[0], "…"] });
    hiding.learn("from-the-cluster-7");
    expect(hiding.hide(said)).toEqual({ ...said, detail: ["login with … failed", "…"] });
    expect(hiding.hide("password=x")).toBe("password=x");
    expect(createHiding().hide(said)).toBe(said);
  });
  it("reaches every text of plain data, and what stands under a telling name", () => {
    const value = { list: ["redis://:a@b"], deep: { token: "opaque", count: 3 }, none: null, at: new Date(0) };
    expect(redactDeep(value)).toEqual({
      list: ["redis://:…@b"],
      deep: { token: "…", count: 3 },
      none: null,
      at: new Date(0),
    });
  });
  it.each(["a.", "a://b:", "eyJ-", "token=", "-----BEGIN PRIVATE KEY-----", "Bearer ", "xoxb-"])(
    "does not take long over much of %j",
    (piece) => {
      const startedAt = performance.now();
      redactSecrets(piece.repeat(100_000 / piece.length));
      expect(performance.now() - startedAt).toBeLessThan(5000);
    },
  );
  test.prop([fc.string(), fc.string()])("changes nothing in data without secrets, whatever the text", (a, b) => {
    const value = { a: a.replaceAll(/[:=-]/g, ""), list: [b.replaceAll(/[:=-]/g, ""), 1, null, true] };
    expect(redactDeep(value)).toEqual(value);
  });
});

describe("what is said and logged", () => {
  it("of an error holds no secret, whoever made it", () => {
    const lost = new Error("getaddrinfo ENOTFOUND for postgres://bot:hunter2@db");
    expect(messageOf(lost)).not.toContain("hunter2");
    const said = new AftershockError("unavailable", lost.message, "Try postgres://bot:hunter2@db");
    expect(`${said.message} ${said.hint} ${said.stack}`).not.toContain("hunter2");
  });
  it("is one line of JSON each, without secrets in messages, stacks, causes and details", () => {
    const lines: string[] = [];
    const hiding = createHiding();
    const log = createLog({ level: "info", base: { role: "bot" }, hiding }, (line) => lines.push(line));
    hiding.learn("a known secret");
    log.error(
      { err: new Error("postgres://a:hunter2@b", { cause: new Error("a known secret") }) },
      "lost a known secret",
    );
    log.warn({ password: "hunter2", headers: { authorization: "Bearer hunter2hunter2hunter2" }, count: 1 }, "odd");
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toMatch(/hunter2|a known secret/);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { role: "bot", msg: "lost …", err: { message: expect.stringContaining("postgres://a:…@b") } },
      { password: "…", count: 1, msg: "odd" },
    ]);
  });
});
