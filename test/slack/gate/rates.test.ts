import { WebAPIRateLimitedError } from "@slack/web-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { workspace } from "../../../src/embedded/local-slack.ts";
import { startGateRig, type GateRig } from "../../support/gate-rig.ts";
import { createRates, documentedRates, methodTiers, tierPerMinute } from "../../support/slack-gate/rates.ts";

describe("the gate's count of calls", () => {
  it.each(Object.entries(methodTiers))("allows %s tier %i's calls a minute, and no more", (method, tier) => {
    const rates = createRates(documentedRates);
    const most = tierPerMinute[tier];
    for (let number = 0; number < most; number += 1) expect(rates.refuse(method, "C1", number)).toBeNull();
    expect(rates.refuse(method, "C1", 1000)).toBe(59);
    expect(rates.refuse(method, "C1", 60_001)).toBeNull();
  });
  it("allows one message a second in a channel, with short bursts, and each channel its own", () => {
    const rates = createRates(documentedRates);
    for (let number = 0; number < 5; number += 1) expect(rates.refuse("chat.postMessage", "C1", number)).toBeNull();
    expect(rates.refuse("chat.postMessage", "C1", 10)).toBe(1);
    expect(rates.refuse("chat.postMessage", "C2", 10)).toBeNull();
    let taken = 0;
    for (let atMs = 1010; atMs < 61_010; atMs += 100) {
      if (rates.refuse("chat.postMessage", "C1", atMs) === null) taken += 1;
    }
    expect(taken).toBe(60);
  });
  it("does not count what Slack does not limit", () => {
    const rates = createRates(documentedRates);
    for (let number = 0; number < 500; number += 1) expect(rates.refuse("auth.test", null, number)).toBeNull();
  });
});

describe("the gate, as documented", () => {
  let rig: GateRig;
  beforeAll(async () => {
    rig = await startGateRig();
  });
  afterAll(() => rig?.stop());
  it("answers 429 with Retry-After, and local-slack never sees the message", async () => {
    const said = Array.from({ length: 6 }, (_u, at) =>
      rig.client.chat.postMessage({ channel: workspace.channel.id, text: `number ${at}` }),
    );
    const results = await Promise.allSettled(said);
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(WebAPIRateLimitedError);
    expect(refused[0]).toMatchObject({ retryAfter: 1 });
    expect(rig.gate.limited.map(({ method }) => method)).toEqual(["chat.postMessage"]);
    expect(await rig.slack.messages()).toHaveLength(5);
  });
  it("delays, cuts, refuses and fails a call when asked", async () => {
    const info = () => rig.client.users.info({ user: "U0BOB" });
    rig.gate.misbehave({ method: "users.info", verdict: { delayMs: 300 } });
    const askedAt = performance.now();
    expect((await info()).ok).toBe(true);
    expect(performance.now() - askedAt).toBeGreaterThan(290);
    for (const verdict of ["lose-call", "lose-answer", { status: 500 }, { error: "fatal_error" }] as const) {
      rig.gate.misbehave({ method: "users.info", verdict });
      await expect(info()).rejects.toThrow();
    }
    expect((await info()).ok).toBe(true);
  });
});
