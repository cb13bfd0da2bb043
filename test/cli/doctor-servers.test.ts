import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Line } from "../../src/cli/doctor/line.ts";
import { clockBoundMs, judgeClock } from "../../src/cli/doctor/servers/clocks.ts";
import { judgeNode, leastNode } from "../../src/cli/doctor/servers/machine.ts";
import { judgePostgres } from "../../src/cli/doctor/servers/postgres.ts";
import { judgeRedis, redisVersions } from "../../src/cli/doctor/servers/redis.ts";
import { atLeast } from "../../src/cli/doctor/version-number.ts";
import { mended, said } from "../support/doctor-lines.ts";

const clock = { theirsMs: 0, askedAtMs: 0, answeredAtMs: 0 };

describe("versions", () => {
  it.each([
    ["v1.32.0+k3s1", "1.25", true],
    ["v1.24.17-eks", "1.25", false],
    ["7.0.15", "6.2.0", true],
    ["6.2", "6.2.0", true],
    ["20.19.9", "20.20", false],
    ["unknown", "1.0", null],
  ])("%s is at least %s: %s", (version, least, expected) => expect(atLeast(version, least)).toBe(expected));

  it("Node.js as package.json asks", () => {
    const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      engines: { node: string };
    };
    expect(engines.node).toBe(`>=${leastNode}`);
    expect(said(judgeNode("18.19.1"))[0]).toMatch(/^wrong: Node.js is 18/);
  });

  it("Redis as BullMQ asks", () => {
    const source = readFileSync(
      new URL("../../node_modules/bullmq/dist/cjs/classes/redis-connection.js", import.meta.url),
      "utf8",
    );
    expect(source).toContain(`minimumVersion = '${redisVersions.least}'`);
    expect(source).toContain(`recommendedMinimumVersion = '${redisVersions.recommended}'`);
  });
});

describe("what must fire of PostgreSQL, Redis and clocks, fires", () => {
  it("Redis: old, a replica, one that evicts, one that does not say", () => {
    const facts = { version: "7.0.15", policy: "noeviction", role: "master", clock };
    expect(said(judgeRedis(facts)).every((line) => line.startsWith("well"))).toBe(true);
    expect(said(mended(judgeRedis({ ...facts, version: "4.0.14" })))[0]).toMatch(/^wrong: Redis is 4/);
    expect(said(mended(judgeRedis({ ...facts, version: "6.0.16" })))[0]).toMatch(/^warning: Redis is 6.0/);
    expect(said(mended(judgeRedis({ ...facts, role: "slave" })))[1]).toMatch(/^wrong: This is a replica/);
    expect(said(mended(judgeRedis({ ...facts, policy: "allkeys-lru" })))[1]).toMatch(
      /^wrong: maxmemory-policy is allkeys-lru/,
    );
    expect(said(judgeRedis({ ...facts, policy: null, version: "" }))).toEqual([
      expect.stringMatching(/^unknown/),
      expect.stringMatching(/^unknown/),
    ]);
  });

  it("PostgreSQL: old, a replica, behind, one whose user could rewrite the trail", () => {
    const facts = {
      versionNumber: 150_004,
      version: "15.4",
      missing: [],
      mayMigrate: false,
      mayRewrite: false,
      inRecovery: false,
      clock,
    };
    expect(said(judgePostgres(facts)).every((line) => line.startsWith("well"))).toBe(true);
    expect(said(mended(judgePostgres({ ...facts, versionNumber: 120_000, version: "12.0" })))[0]).toMatch(
      /^wrong: PostgreSQL is 12/,
    );
    expect(said(mended(judgePostgres({ ...facts, inRecovery: true })))[1]).toMatch(/^wrong: This is a replica/);
    const missing = ["016_pictures"];
    expect(said(mended(judgePostgres({ ...facts, missing })))[1]).toMatch(/^wrong: The schema lacks the migration 016/);
    expect(said(mended(judgePostgres({ ...facts, missing, mayMigrate: true })))[1]).toMatch(
      /^warning: The schema lacks/,
    );
    expect(said(mended(judgePostgres({ ...facts, mayRewrite: true })))[2]).toMatch(/^warning: This user could rewrite/);
    expect(said(judgePostgres({ ...facts, mayRewrite: null }))[2]).toMatch(/^unknown/);
  });

  it("clocks: wrong only what is certainly apart", () => {
    const at = (theirsMs: number, tookMs = 0): Line =>
      judgeClock("Redis's", { theirsMs, askedAtMs: 1_000_000, answeredAtMs: 1_000_000 + tookMs }, 0);
    expect(said(at(1_000_000 + clockBoundMs))).toEqual([
      "well: Redis's clock is 5.0 s ahead of this machine's, ± 0.0 s",
    ]);
    expect(said(mended(at(1_000_000 - clockBoundMs - 1)))[0]).toMatch(
      /^wrong: Redis's clock is 5.0 s behind .* the bound is 5 s/,
    );
    expect(said(at(1_000_000 - 6000, 4000))[0]).toMatch(/^wrong/);
    expect(said(at(1_000_000 + 8000, 4000))[0]).toMatch(
      /^well: Redis's clock is 6.0 s ahead of this machine's, ± 2.0 s/,
    );
    // A header that counts whole seconds, in the last moment of one.
    expect(judgeClock("Slack's", { theirsMs: 994_000, askedAtMs: 999_999, answeredAtMs: 999_999 }, 1000).status).toBe(
      "well",
    );
    expect(judgeClock("Slack's", { theirsMs: null, askedAtMs: 0, answeredAtMs: 0 }, 1000).status).toBe("unknown");
  });
});
