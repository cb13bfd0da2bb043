import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { policyOf } from "../../src/compose/policy.ts";
import { parseConfig } from "../../src/config/load.ts";

const example = readFileSync(new URL("../../deploy/aftershock.example.yaml", import.meta.url), "utf8");
const secrets = {
  SLACK_BOT_TOKEN: "xoxb-1",
  SLACK_APP_TOKEN: "xapp-1",
  DATABASE_URL: "postgres://x",
  REDIS_URL: "redis://x",
};
const known = {
  systems: ["redis-sentinel", "etcd"],
  experiments: ["redis-split-brain"],
};
const simple = /^approvals:\n(?: .*\n)+/m;
/** The example with these policies instead of its simple form. */
const policies = (text: string) =>
  parseConfig(example.replace(simple, `policies:\n${text.replaceAll(/^/gm, "  ")}\n`), "a.yaml", secrets);
const rules = `rules:
  - name: everything
    requesters: [anyone]
    approvals: { required: 1, approvers: ["@dba", U0123ABCD] }
    limits: { namespaces: [cache], maxDuration: 5m }
`;
const good = `groups: { dba: S0123ABCD }
mayResume: ["@dba"]
${rules}`;

describe("policies in the configuration", () => {
  it("of the documented example, commented in, are accepted, and mean what it says", () => {
    const [before = "", commented = ""] = example.replace(simple, "").split(/^(?=# policies:)/m);
    const text = before + commented.replaceAll(/^# /gm, "");
    const { config } = parseConfig(text, "a.yaml", { ...secrets, GRAFANA_TOKEN: "glsa_1" });
    const policy = policyOf(config, "T1", { systems: ["redis-sentinel"], experiments: ["redis-split-brain"] });
    expect(policy.rules.map(({ name, required }) => [name, required])).toEqual([
      ["checks that inject nothing", 0],
      ["from CI, without Slack", 0],
      ["staging", 1],
      ["production, in working hours", 2],
    ]);
    expect(policy.freezes).toHaveLength(2);
    expect(policy.environments).toEqual({ staging: "staging" });
  });
  it("become a policy: groups by their ids, limits in milliseconds, one primary at a time unless it says otherwise", () => {
    expect(policyOf(policies(good).config, "T1", known)).toMatchObject({
      resumers: { anyone: false, users: [], groups: ["S0123ABCD"] },
      groupNames: { S0123ABCD: "dba" },
      rules: [
        {
          requesters: { anyone: true },
          required: 1,
          approvers: { users: ["U0123ABCD"], groups: ["S0123ABCD"] },
          expiresAfterMs: 900_000,
          limits: { namespaces: ["cache"], maxDurationMs: 300_000, onePrimaryAtATime: true },
        },
      ],
    });
  });
  it("that need no approval leave a schedule's approval to those who may ask", () => {
    const none = good.replace(/approvals: .*/, "approvals: none").replace("[anyone]", "[U1AA, U2BB]");
    expect(policyOf(policies(none).config, "T1", known).rules[0]).toMatchObject({
      required: 0,
      approvers: { users: ["U1AA", "U2BB"] },
    });
  });
  it("name pipelines among those who may ask, and leave them out of those who approve", () => {
    const piped = good.replace(/approvals: .*/, "approvals: none").replace("[anyone]", '["pipeline:nightly", U1AA]');
    expect(policyOf(policies(piped).config, "T1", known).rules[0]).toMatchObject({
      requesters: { anyone: false, users: ["U1AA"], pipelines: ["nightly"] },
      approvers: { users: ["U1AA"] },
    });
    expect(policyOf(policies(piped).config, "T1", known).rules[0]?.approvers).not.toHaveProperty("pipelines");
    const approving = good.replace(/approvers: \[/, 'approvers: ["pipeline:nightly", ');
    expect(approving).not.toBe(good);
    expect(() => policies(approving)).toThrow(/approvals/);
  });
  it("have no bound where none is given", () => {
    const free = good.replace(/    limits: .*\n/, "    limits: { onePrimaryAtATime: false }\n");
    expect(policyOf(policies(free).config, "T1", known).rules[0]?.limits).toEqual({
      namespaces: null,
      maxDurationMs: null,
      onePrimaryAtATime: false,
    });
  });
  const freeze = (when: string, name = "f") => `${good}freezes:\n  - name: ${name}\n    when: ${when}\n`;
  it("take freezes by day and by date, in IANA zones", () => {
    const when = '{ days: [sun, sat], from: "22:00", until: "24:00", timeZone: Europe/Berlin }';
    expect(policyOf(policies(freeze(when)).config, "T1", known).freezes[0]?.window).toEqual({
      kind: "weekly",
      timeZone: "Europe/Berlin",
      days: [6, 7],
      fromMinute: 1320,
      untilMinute: 1440,
    });
    const once = "{ from: 2026-12-19 18:00, until: 2027-01-04 08:00, timeZone: UTC }";
    expect(policyOf(policies(freeze(once)).config, "T1", known).freezes[0]?.window).toMatchObject({
      kind: "once",
      from: { year: 2026, month: 12, day: 19, minute: 1080 },
    });
  });
  it.each([
    ["no rule", good.replace(rules, "rules: []"), /without a rule everything is denied/],
    ["nobody who may resume", good.replace('mayResume: ["@dba"]\n', ""), /mayResume/],
    ["a group that is not there", good.replace('["@dba"]', '["@dbas"]'), /no group "@dbas"/],
    ["a name that is no id", good.replace("U0123ABCD", "bob"), /policies\.rules/],
    [
      "more approvals than people",
      good.replace('required: 1, approvers: ["@dba", ', "required: 2, approvers: ["),
      /needs 2 approvals and names 1/,
    ],
    ["nobody to ask", good.replace("requesters: [anyone]\n    ", ""), /requesters/],
    ["two rules of one name", `${good}${rules.replace("rules:\n", "")}`, /two rules are called "everything"/],
    ["an unknown key", good.replace("limits:", "limit:"), /limit/],
    [
      "a zone that is not there",
      freeze("{ from: 2026-12-19 18:00, until: 2027-01-04 08:00, timeZone: Berlin }"),
      /freezes/,
    ],
    [
      "a day that is not there",
      freeze("{ from: 2026-02-30 18:00, until: 2027-01-04 08:00, timeZone: UTC }"),
      /freezes/,
    ],
    [
      "an end before its begin",
      freeze("{ from: 2027-12-19 18:00, until: 2027-01-04 08:00, timeZone: UTC }"),
      /freezes/,
    ],
    ["a time that is none", freeze('{ days: [sat], from: "9:00", until: "25:00", timeZone: UTC }'), /freezes/],
  ])("with %s are refused", (_what, text, message) => expect(() => policies(text)).toThrow(message));
  it("beside the simple form are refused, and so is neither", () => {
    const both = `${example}\npolicies:\n${good.replaceAll(/^/gm, "  ")}`;
    expect(() => parseConfig(both, "a.yaml", secrets)).toThrow(/both there/);
    expect(() => parseConfig(example.replace(simple, ""), "a.yaml", secrets)).toThrow(/nothing says who may approve/);
  });
  it.each([
    ["environments: [productoin]", /no "productoin" among the environments/],
    ["systems: [redis-sentinell]", /Did you mean redis-sentinel|redis-sentinell/],
    ["experiments: [redis]", /no "redis" among the experiments/],
  ])("with %s, which nothing is called, end the start: a freeze of it would freeze nothing", (match, message) => {
    const text = `${freeze("{ from: 2026-12-19 18:00, until: 2027-01-04 08:00, timeZone: UTC }")}    ${match}\n`;
    expect(() => policyOf(policies(text).config, "T1", known)).toThrow(message);
  });
  it("in the simple form are one rule for everything, without limits or freezes", () => {
    expect(policyOf(parseConfig(example, "a.yaml", secrets).config, "T1", known)).toMatchObject({
      rules: [{ name: "everything", required: 1, requesters: { anyone: true }, limits: { onePrimaryAtATime: false } }],
      freezes: [],
      resumers: { users: ["U0123ABCD", "U0456EFGH"] },
    });
  });
});
