import { describe, expect, it } from "vitest";
import { judgeApplicationGuard, type ApplicationEvidence } from "../../src/probes/application/guards.ts";
import { judgeRead, judgeSilence, judgeWrite } from "../../src/probes/application/http.ts";
import { readPool, type PoolView } from "../../src/probes/application/pool.ts";

describe("what an answer of the application means", () => {
  const answer = (status: number, body: Record<string, unknown> = {}) => ({ status, body });
  it.each([
    [answer(201), "ok", undefined],
    [answer(200), "ok", undefined],
    [answer(503, { error: "no-address", applied: "no" }), "fail", "no-address"],
    [answer(400), "fail", "HTTP 400"],
    [answer(429), "fail", "HTTP 429"],
    // A proxy's 503 says nothing of what it had passed on.
    [answer(503), "unknown", "HTTP 503"],
    [answer(500, { error: "connection-lost", applied: "unknown" }), "unknown", "connection-lost"],
    [answer(504), "unknown", "HTTP 504"],
    [answer(302), "unknown", "HTTP 302"],
  ])("%j to a write is %s", (given, outcome, error) =>
    expect(judgeWrite(given)).toEqual({ outcome, ...(error === undefined ? {} : { error }) }),
  );
  it("to a read is ok only with 200", () => {
    expect(judgeRead(answer(200))).toEqual({ outcome: "ok" });
    expect(judgeRead(answer(503, { error: "no-address" }))).toEqual({ outcome: "fail", error: "no-address" });
    expect(judgeRead(answer(404))).toEqual({ outcome: "fail", error: "HTTP 404" });
  });
  it("that did not come may hide a write, but no read", () => {
    const refused = Object.assign(new Error("fetch failed"), { cause: { code: "ECONNREFUSED" } });
    const reset = Object.assign(new Error("fetch failed"), { cause: { code: "ECONNRESET" } });
    const late = Object.assign(new Error("late"), { name: "TimeoutError" });
    expect(judgeSilence(refused, "write")).toEqual({ outcome: "fail", error: "refused" });
    expect(judgeSilence(reset, "write")).toEqual({ outcome: "unknown", error: "connection-lost" });
    expect(judgeSilence(late, "write")).toEqual({ outcome: "unknown", error: "timeout" });
    expect(judgeSilence(late, "read")).toEqual({ outcome: "fail", error: "timeout" });
  });
});

describe("the guards of an application", () => {
  const calm: PoolView = {
    total: 3,
    active: 1,
    idle: 2,
    connecting: 0,
    waiting: 0,
    created: 3,
    broken: 0,
    connectErrors: 0,
    lastBrokenAgoMs: null,
    servers: {},
    settings: { max: "10" },
  };
  const sound: ApplicationEvidence = {
    health: [{ pod: "a", status: 200, said: "ok", tookMs: 4 }],
    pools: new Map([["a", calm]]),
  };
  const pools = (change: Partial<PoolView> | null): ApplicationEvidence => ({
    ...sound,
    pools: new Map([["a", change === null ? null : { ...calm, ...change }]]),
  });
  it.each(["application-healthy", "application-pool"])("%s holds on a sound one, and without one", (id) => {
    expect(judgeApplicationGuard(id, sound, {}).ok).toBe(true);
    expect(judgeApplicationGuard(id, { health: null, pools: new Map() }, {}).ok).toBe(true);
  });
  it("show the figures before the fault", () => {
    expect(judgeApplicationGuard("application-pool", sound, {}).measured).toBe(
      "a 1 active, 2 idle, 0 waiting, 0 broken since its start, at most 10",
    );
    expect(judgeApplicationGuard("application-healthy", sound, {}).measured).toBe("a 200 ok in 4 ms");
  });
  it.each<[string, string, ApplicationEvidence]>([
    ["application-healthy", "it has no pods", { ...sound, health: [] }],
    ["application-healthy", "a pod is ill", { ...sound, health: [{ pod: "a", status: 503, said: "", tookMs: 4 }] }],
    ["application-healthy", "a pod is silent", { ...sound, health: [{ pod: "a", status: null, said: "", tookMs: 4 }] }],
    ["application-healthy", "a pod is slow", { ...sound, health: [{ pod: "a", status: 200, said: "", tookMs: 1500 }] }],
    ["application-pool", "requests wait", pools({ waiting: 2 })],
    ["application-pool", "all connections are in use", pools({ active: 10 })],
    ["application-pool", "there is no connection", pools({ total: 0 })],
    ["application-pool", "connections have just broken", pools({ broken: 2, lastBrokenAgoMs: 900 })],
    ["application-pool", "the pool cannot be read", pools(null)],
  ])("%s stops when %s", (id, _what, evidence) => expect(judgeApplicationGuard(id, evidence, {}).ok).toBe(false));
  it("forget a loss that is long ago", () => {
    expect(judgeApplicationGuard("application-pool", pools({ broken: 2, lastBrokenAgoMs: 9000 }), {}).ok).toBe(true);
  });
  it("know no other", () => expect(() => judgeApplicationGuard("hope", sound, {})).toThrow(/no guard "hope"/));
  it("take no pool for one that lacks a count", () => {
    expect(readPool({ figures: { total: 1 } })).toBeNull();
    expect(readPool({})).toBeNull();
  });
});
