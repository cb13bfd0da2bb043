import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { databaseUrlOf, parseConfig } from "../../src/config/load.ts";
import { readProbeSecrets, readSecret } from "../../src/config/secret.ts";

const folder = mkdtempSync(join(tmpdir(), "aftershock-secrets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const example = readFileSync(new URL("../../deploy/aftershock.example.yaml", import.meta.url), "utf8");

describe("a secret", () => {
  it("comes from the variable, or from the file that the variable's _FILE names, without its line end", () => {
    expect(readSecret({ TOKEN: "a" }, "TOKEN")).toBe("a");
    expect(readSecret({ TOKEN_FILE: file("token", "b\n") }, "TOKEN")).toBe("b");
    expect(readSecret({ TOKEN_FILE: file("token", " b \r\n") }, "TOKEN")).toBe(" b ");
    expect(readSecret({ TOKEN: "", TOKEN_FILE: "" }, "TOKEN")).toBeUndefined();
  });
  it("is refused when it comes twice, or from a file that cannot be read", () => {
    expect(() => readSecret({ TOKEN: "a", TOKEN_FILE: file("token", "b") }, "TOKEN")).toThrow(/both set/);
    expect(() => readSecret({ TOKEN_FILE: join(folder, "none") }, "TOKEN")).toThrow(/TOKEN_FILE: .*none.*ENOENT/);
  });
  it("of the service can be all files", () => {
    const environment = {
      SLACK_BOT_TOKEN_FILE: file("bot", "xoxb-1\n"),
      SLACK_APP_TOKEN_FILE: file("app", "xapp-1\n"),
      DATABASE_URL_FILE: file("db", "postgres://a:b@c/d\n"),
      REDIS_URL_FILE: file("redis", "redis://:b@c\n"),
    };
    expect(parseConfig(example, "a.yaml", environment).secrets).toEqual({
      slackBotToken: "xoxb-1",
      slackAppToken: "xapp-1",
      databaseUrl: "postgres://a:b@c/d",
      redisUrl: "redis://:b@c",
    });
    expect(databaseUrlOf(environment)).toBe("postgres://a:b@c/d");
  });
  it("of the probes as well", () => {
    const environment = { PGPASSWORD_FILE: file("pg", "x\n"), AWS_SECRET_ACCESS_KEY: "y", OTHER: "z" };
    expect(readProbeSecrets(environment)).toEqual({ PGPASSWORD: "x", AWS_SECRET_ACCESS_KEY: "y" });
  });
});

describe("the configuration file", () => {
  const tokens = {
    SLACK_BOT_TOKEN: "xoxb-1",
    SLACK_APP_TOKEN: "xapp-1",
    DATABASE_URL: "postgres://x",
    REDIS_URL: "redis://x",
  };
  it.each([
    ["postgres", "postgres://bot:hunter2@db/x", "DATABASE_URL"],
    ["redis", "redis://:hunter2@cache", "REDIS_URL"],
  ])("may not hold the password of %s, which is not repeated", (key, url, variable) => {
    const parse = () => parseConfig(`${example}\n${key}: { url: "${url}" }\n`, "a.yaml", tokens);
    expect(parse).toThrow(/there is a password in it/);
    expect(parse).not.toThrow(/hunter2/);
    try {
      parse();
    } catch (error) {
      expect(error).toMatchObject({ hint: expect.stringContaining(`${variable}_FILE`) });
    }
  });
  it("may hold an address without one", () => {
    const { secrets } = parseConfig(`${example}\npostgres: { url: "postgres://bot@db/x" }\n`, "a.yaml", tokens);
    expect(secrets.databaseUrl).toBe("postgres://bot@db/x");
    const own = file("own.yaml", `${example}\npostgres: { url: "postgres://bot@db/x" }\n`);
    expect(databaseUrlOf({}, own)).toBe("postgres://bot@db/x");
    expect(() => databaseUrlOf({})).toThrow(/DATABASE_URL is not set/);
  });
});
