import { describe, expect, it } from "vitest";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeWatching } from "../../src/compose/watching.ts";
import { loadPipelineConfig, parseConfig } from "../../src/config/load.ts";

const environment = {
  DATABASE_URL: "postgres://localhost/a",
  REDIS_URL: "redis://localhost",
  SLACK_BOT_TOKEN: "xoxb-1",
  SLACK_APP_TOKEN: "xapp-1",
};
const load = (cluster: string, more: Record<string, string> = {}) =>
  parseConfig(
    `slack: { mode: socket }\nclusters: { lab: ${cluster} }\ndefaultCluster: lab\napprovals: { approvers: [U1] }\n`,
    "a.yaml",
    { ...environment, ...more },
  );
const condition = "{ id: page, title: Page, alert: { matchers: { severity: page } } }";

describe("a run without Slack", () => {
  it("is watched as any other: it is no way round a cluster's conditions", () => {
    const file = join(mkdtempSync(join(tmpdir(), "watching-")), "a.yaml");
    writeFileSync(
      file,
      `slack: { mode: none }\nclusters: { lab: { alertmanager: { url: "http://a" }, stopConditions: [${condition}] } }\ndefaultCluster: lab\napprovals: { approvers: [U1] }\n`,
    );
    const watching = composeWatching(loadPipelineConfig(file, environment)).of("lab");
    expect(watching?.conditions.map(({ id }) => id)).toEqual(["page"]);
    expect(watching?.has).toEqual({ prometheus: false, alertmanager: true });
  });
});

describe("what watches a cluster's runs", () => {
  it("is optional, and reads its secret from the environment", () => {
    expect(load("{}").secrets.watching).toBeUndefined();
    const { secrets } = load('{ prometheus: { url: "http://p:9090", bearerTokenFrom: TOKEN } }', { TOKEN: "t" });
    expect(secrets.watching?.["lab"]?.prometheus).toEqual({ url: "http://p:9090", authorization: "Bearer t" });
  });
  it.each([
    ["a secret that is not set", '{ prometheus: { url: "http://p", bearerTokenFrom: TOKEN } }', /TOKEN is not set/],
    ["a password in the address", '{ prometheus: { url: "http://u:p@h" } }', /must hold no user or password/],
    [
      "a condition that nobody can be asked",
      `{ stopConditions: [${condition}] }`,
      /asks alertmanager, which has no address/,
    ],
    [
      "a condition with a parameter",
      `{ alertmanager: { url: "http://a" }, stopConditions: [${condition.replace("severity: page", 'severity: "${x}"')}] }`,
      /take no parameters/,
    ],
  ])("refuses %s", (_what, cluster, message) => {
    expect(() => load(cluster)).toThrow(message);
  });
});
