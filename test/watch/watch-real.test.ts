import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { composeWatching } from "../../src/compose/watching.ts";
import type { LoadedConfig } from "../../src/config/load.ts";
import { createRecorder } from "../../src/probes/recorder.ts";
import type { WatchPlan } from "../../src/experiment/resolve-watch.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import type { StopWish } from "../../src/run/ownership.ts";
import { checkWatches } from "../../src/run/watching/watch-guard.ts";
import { watchRun } from "../../src/run/watching/watch-run.ts";
import { history } from "../support/history-builder.ts";
import { hasPrometheus, startExporter, startPrometheus } from "../support/prometheus.ts";

const rules = `groups: [{ name: g, rules: [{ alert: ShopDown, expr: shop_errors > 5, labels: { shop: 'a"b' } }] }]\n`;
const common = { onUnknown: "stop", unknownAfterMs: 1000, forMs: 0 } as const;
const query: WatchPlan = {
  ...common,
  id: "errors",
  title: "Errors",
  ask: { of: "prometheus", query: "shop_errors" },
  limit: { above: 5 },
};
const alert: WatchPlan = {
  ...common,
  id: "down",
  title: "Shop down",
  ask: { of: "alertmanager", filters: ['alertname="ShopDown"', 'shop="a\\"b"'] },
  limit: { above: 0 },
};

// A real Prometheus and Alertmanager (deploy/system-packages.sh --tests); the run around the watching is a double.
describe.skipIf(!hasPrometheus)("a run watched by a real Prometheus and Alertmanager", { timeout: 120_000 }, () => {
  let page: Awaited<ReturnType<typeof startExporter>>;
  let servers: Awaited<ReturnType<typeof startPrometheus>>;
  let watching: ReturnType<typeof composeWatching>;
  beforeAll(async () => {
    page = await startExporter("shop_errors");
    servers = await startPrometheus({ page: page.port }, rules);
    watching = composeWatching({
      config: { clusters: { lab: { stopConditions: [], watch: { every: 200, answerWithin: 2000 } } } },
      secrets: {
        watching: {
          lab: { prometheus: { url: servers.urls.prometheus }, alertmanager: { url: servers.urls.alertmanager } },
        },
      },
    } as unknown as LoadedConfig);
  }, 120_000);
  afterAll(async () => {
    await watching?.close();
    await servers?.close();
    page?.close();
  });

  const check = (...watches: WatchPlan[]) =>
    checkWatches({ watches, cluster: "lab" }, watching.of("lab"), AbortSignal.timeout(10_000));

  function run(watches: readonly WatchPlan[]) {
    const told: RunEventBody[] = [];
    const wishes: StopWish[] = [];
    const stop = new AbortController();
    const watch = watchRun(
      {
        run: { plan: { cluster: "lab", watches } },
        deps: { registry: { watching: watching.of } },
        journal: { say: async (...events: RunEventBody[]) => void told.push(...events) },
        ownership: {
          lost: new AbortController().signal,
          stop: stop.signal,
          requestStop: (wish: StopWish) => {
            wishes.push(wish);
            stop.abort(wish);
          },
        },
      } as unknown as Parameters<typeof watchRun>[0],
      createRecorder(history().header),
    );
    return { told, wishes, stop: watch.stop };
  }

  it("passes the guard while nothing holds, and refuses with the value when it does", async () => {
    await vi.waitFor(async () => expect((await check(query, alert)).map(({ ok }) => ok)).toEqual([true, true]), 20_000);
    page.set(9);
    await vi.waitFor(
      async () => expect((await check(query, alert)).map(({ ok }) => ok)).toEqual([false, false]),
      60_000,
    );
    const [first, second] = await check(query, alert);
    expect(first?.measured).toMatch(/^9 of shop_errors\{.*job="page"/);
    expect(second?.measured).toMatch(/^firing: ShopDown\{/);
    page.set(0);
    await vi.waitFor(async () => expect((await check(query, alert)).every(({ ok }) => ok)).toBe(true), 60_000);
  });
  it("says that a query without data, or with a mistake, is unknown", async () => {
    const [none, wrong] = await check(
      { ...query, ask: { of: "prometheus", query: "nothing_at_all" } },
      { ...query, ask: { of: "prometheus", query: "sum(" } },
    );
    expect(none).toMatchObject({ ok: false, measured: "unknown: no data" });
    expect(wrong).toMatchObject({ ok: false, measured: expect.stringMatching(/^unknown: .*HTTP 400: .*parse error/) });
  });
  it.each([query, alert])("stops the run when the condition begins to hold: $id", async (watch) => {
    page.set(0);
    await vi.waitFor(async () => expect((await check(watch))[0]?.ok).toBe(true), 60_000);
    const { told, wishes } = run([watch]);
    page.set(12);
    await vi.waitFor(() => expect(wishes).toHaveLength(1), 60_000);
    expect(wishes[0]).toMatchObject({ kind: "stop-condition", by: watch.id });
    expect(told.at(-1)).toMatchObject({ type: "stop-condition", id: watch.id });
    page.set(0);
  });
  it("stops the run when Prometheus was killed, and says that it does not know", async () => {
    await vi.waitFor(async () => expect((await check(query))[0]?.ok).toBe(true), 60_000);
    const { told, wishes } = run([query]);
    const unmoved = run([{ ...query, onUnknown: "continue" }]);
    await servers.killPrometheus();
    await vi.waitFor(() => expect(wishes).toHaveLength(1), 30_000);
    expect(wishes[0]?.reason).toMatch(/unknown for \d/);
    expect(told[0]).toMatchObject({ type: "system", event: "watch-unknown" });
    expect(unmoved.wishes).toEqual([]);
    unmoved.stop();
  });
});
