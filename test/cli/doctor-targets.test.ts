import { describe, expect, it } from "vitest";
import { judgeDescribed, renewWithinMs } from "../../src/cli/doctor/cluster/described-targets.ts";
import { judgeLogins } from "../../src/cli/doctor/cluster/logins.ts";
import { wrong } from "../../src/cli/doctor/line.ts";
import { mended, said } from "../support/doctor-lines.ts";

describe("what must fire of a described target, fires", () => {
  it("a described target: pods, Secrets, variables, files, certificates", () => {
    const nowMs = Date.UTC(2027, 0, 1);
    const pod = (name: string, ready = true) => ({ name, ready });
    const part = { part: "redis", selector: "app=redis", pods: [pod("redis-0"), pod("redis-1")] };
    const secret = { secret: "login", key: "password", uses: ["redis password"], state: "there" } as const;
    const local = { kind: "variable", name: "PASSWORD", uses: ["sentinel password"], why: null } as const;
    const certificates = { part: "redis", problems: [], untilMs: nowMs + renewWithinMs + 1 };
    const whole: Parameters<typeof judgeDescribed>[0] = {
      name: "orders",
      namespace: "cache",
      systems: ["redis-sentinel"],
      parts: [part],
      secrets: [secret],
      locals: [local],
      certificates: [certificates],
    };
    const judge = (change: object): string[] => said(mended(judgeDescribed({ ...whole, ...change }, "lab", nowMs)));
    expect(judge({})).toEqual([
      "well: Target orders (redis-sentinel, in cache): 2 pods of redis; 1 key of Secrets readable; 1 variable or file readable; certificates good until 2027-01-15",
    ]);
    expect(judge({ parts: [{ ...part, pods: null, why: "no answer" }] })[0]).toMatch(
      /^unknown: .*could not be looked for: no answer/,
    );
    expect(judge({ parts: [{ ...part, pods: [] }] })[0]).toMatch(
      /^wrong: Target orders finds no pod of redis in cache, by app=redis/,
    );
    expect(judge({ parts: [{ ...part, pods: [pod("redis-0", false)] }] })[0]).toMatch(
      /^wrong: .*no pod of redis is ready/,
    );
    expect(judge({ parts: [{ ...part, pods: [pod("a"), pod("b", false)] }] })[0]).toMatch(/^warning: .*not ready: b\./);
    expect(judge({ secrets: [{ ...secret, state: "no such Secret" }] })[0]).toMatch(
      /^wrong: .*no Secret login in cache/,
    );
    const known = { ...secret, state: "no such Secret", ifMissing: "Its chart makes it." } as const;
    expect(judgeDescribed({ ...whole, secrets: [known] }, "lab", nowMs)[0]?.mend).toBe(
      "kubectl get secrets -n cache\nIts chart makes it.\nWhere it is called otherwise: access.redis.password (clusters.lab.targets, orders)",
    );
    expect(judge({ secrets: [{ ...secret, state: "no such key" }] })[0]).toMatch(/^wrong: .*has no key password/);
    expect(judge({ secrets: [{ ...secret, state: "unknown", why: "no answer" }] })[0]).toMatch(/^unknown: .*no answer/);
    const [unset] = judgeDescribed({ ...whole, locals: [{ ...local, why: "PASSWORD is not set." }] }, "lab", nowMs);
    expect(unset).toEqual(
      wrong(
        "Target orders: PASSWORD is not set. It is for sentinel password.",
        "Where the worker runs: export PASSWORD=… or PASSWORD_FILE=/run/secrets/…\nWhere it is called otherwise: access.sentinel.password (clusters.lab.targets, orders)",
      ),
    );
    expect(judge({ locals: [{ ...local, kind: "file", name: "/etc/pw", why: "no" }] })[0]).toMatch(
      /^wrong: Target orders: no It is for/,
    );
    expect(
      judge({ certificates: [{ ...certificates, problems: [{ key: "ca", why: "ended on 2026-01-01" }] }] }),
    ).toEqual(["wrong: Target orders: tls.ca of redis ended on 2026-01-01."]);
    expect(judge({ certificates: [{ ...certificates, untilMs: nowMs + renewWithinMs }] })[0]).toMatch(
      /^warning: .*ends on 2027-01-15/,
    );
  });

  it("a described target's logins: refused, silent, untried, at odds", () => {
    const target = { name: "orders", namespace: "cache", systems: ["redis-sentinel"] };
    const open = {
      system: "redis-sentinel",
      outcome: "in",
      members: ["a", "b"],
      silent: [],
      summary: "master a",
      trouble: null,
    } as const;
    const judge = (one: object): string => said(mended(judgeLogins(target, [{ ...open, ...one }])))[0] ?? "";
    expect(judge({})).toBe("well: Target orders (redis-sentinel): no server refuses the bot: master a");
    expect(judge({ silent: ["a", "sentinel-0"] })).toMatch(/^warning: .*no answer from a, sentinel-0; no other/);
    expect(judge({ silent: ["a", "b"] })).toMatch(/^wrong: .*none of its servers answers: a, b\./);
    expect(judge({ summary: null, trouble: "They disagree." })).toMatch(
      /^warning: .*no server refuses the bot, and They disagree\./,
    );
    const refused = {
      system: "redis-sentinel",
      outcome: "refused",
      why: "a (redis) does not let the bot in: NOAUTH.",
      hint: "Set it.",
    } as const;
    expect(judgeLogins(target, [refused])).toEqual([
      wrong("Target orders (redis-sentinel): a (redis) does not let the bot in: NOAUTH.", "Set it."),
    ]);
    expect(said(judgeLogins(target, [{ system: "etcd", outcome: "not tried", why: "no right" }]))[0]).toMatch(
      /^unknown: .*no login was tried: no right/,
    );
    expect(said(judgeLogins(target, null))[0]).toMatch(/^unknown: .*no enabled experiment is about redis-sentinel/);
  });
});
