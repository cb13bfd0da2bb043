import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/config/load.ts";

const example = readFileSync(new URL("../../deploy/aftershock.example.yaml", import.meta.url), "utf8");
const secrets = {
  SLACK_BOT_TOKEN: "xoxb-1",
  SLACK_APP_TOKEN: "xapp-1",
  DATABASE_URL: "postgres://x",
  REDIS_URL: "redis://x",
};
const parse = (text: string, environment: Record<string, string> = secrets) => parseConfig(text, "a.yaml", environment);

describe("the configuration", () => {
  it("of the documented example is accepted", () => {
    expect(parse(example)).toMatchObject({
      config: {
        approvals: { required: 1, expiresAfter: 900_000 },
        worker: { lease: 15_000 },
        slack: { editEvery: 2000 },
      },
      secrets: { slackAppToken: "xapp-1" },
    });
  });
  it("may say where Chaos Mesh is", () => {
    const elsewhere = example.replace("# chaosMesh:", "chaosMesh:");
    expect(parse(elsewhere).config.clusters["staging"]?.chaosMesh).toEqual({ namespace: "chaos-testing" });
    expect(() => parse(elsewhere.replace("chaos-testing", "Chaos_"))).toThrow(/chaosMesh\.namespace/);
  });
  it.each([
    ["an unknown key", example.replace("logLevel", "loglevel"), /loglevel/],
    ["a wrong duration", example.replace("15m", '"15"'), /approvals\.expiresAfter: must be a duration/],
    ["no approver", example.replace("[U0123ABCD, U0456EFGH]", "[]"), /approvals\.approvers/],
    ["a default cluster that is not there", example.replace("defaultCluster: staging", "defaultCluster: prod"), /prod/],
    ["broken YAML", `${example}\n[`, /a\.yaml:\d+/],
  ])("with %s is refused by name", (_what, text, message) => expect(() => parse(text)).toThrow(message));
  it("has no target in a namespace in which runs may not be", () => {
    const target = "targets: [{ name: orders, preset: bitnami-redis, instance: orders, namespace: cache }]";
    const inside = (namespaces: string) =>
      example.replace("    # namespaces:", `    namespaces: [${namespaces}]\n    ${target}\n    # namespaces:`);
    expect(parse(inside("cache")).config.clusters["staging"]?.targets).toHaveLength(1);
    expect(() => parse(inside("database"))).toThrow(
      /clusters\.staging\.targets\.0\.namespace: runs may not be in cache/,
    );
  });
  it("without a secret says which variable, and never prints one", () => {
    const { SLACK_APP_TOKEN: _gone, ...rest } = secrets;
    expect(() => parse(example, rest)).toThrow(/SLACK_APP_TOKEN is not set/);
  });
});
