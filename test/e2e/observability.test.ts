import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { recount } from "../findings/naive-recount.ts";
import { dashboardQueries } from "../support/dashboard.ts";
import { startGrafanaDouble } from "../support/grafana-double.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { hasPrometheus, startPrometheus } from "../support/prometheus.ts";
import { askedOf, healthPorts, promtoolProblems, scrape } from "../support/scraped.ts";
import {
  approve,
  artifact,
  askForRun,
  quick,
  startTestStack,
  untilState,
  waitFor,
  type TestStack,
} from "../support/stack.ts";

// A real Prometheus scrapes a real bot and worker while a run breaks real Redis.
describe.skipIf(process.getuid?.() !== 0 || !hasPrometheus)("a run, seen from outside", () => {
  let stack: TestStack;
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
  let ports: Record<"bot" | "worker", number>;
  let grafana: Awaited<ReturnType<typeof startGrafanaDouble>>;
  let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;
  let runId = "";
  beforeAll(async () => {
    grafana = await startGrafanaDouble("glsa_1");
    collector = await startOtlpReceiver();
    vi.stubEnv("GRAFANA_TOKEN", "glsa_1");
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
    stack = await startTestStack({
      // Nobody is killed here, and a busy machine must not cost a worker its run.
      lease: "30s",
      configure: (config) => ({ ...config, grafana: { url: grafana.url, bearerTokenFrom: "GRAFANA_TOKEN" } }),
    });
    ports = healthPorts(stack);
    prometheus = await startPrometheus(ports, "groups: []\n");
  });
  afterAll(async () => {
    await prometheus?.close();
    await stack?.stop();
    await grafana?.close();
    await collector?.close();
    vi.unstubAllEnvs();
  });

  const ask = (query: string) => askedOf(prometheus.urls.prometheus, query);
  const until = (query: string, holds: (values: number[]) => boolean) =>
    waitFor(async () => Object.values(await ask(query)), holds, 60_000);

  it("is told by bot and worker alike while its fault is there", async () => {
    const { runId: id, card } = await askForRun(stack, `run redis-split-brain ${quick}`);
    runId = id;
    await approve(stack, card);
    await until('aftershock_faults{state="injected",kind="NetworkChaos"}', (values) => values.join() === "1,1");
    await until(`aftershock_run_phase{run="${runId}",phase="active"}`, (values) => values.join() === "1,1");
    await until(`max(aftershock_fault_planned_seconds{run="${runId}"})`, (values) => values.join() === "6");
    await untilState(stack, runId, ["completed"]);
    await until('aftershock_runs_ended_total{outcome="completed",cleanup="verified"}', (all) => all.join() === "1,1");
    await until(
      `aftershock_fault_age_seconds{run="${runId}"} or aftershock_run_phase{run="${runId}"}`,
      (all) => all.length === 0,
    );
  });
  it("has every operation counted by its outcome, as its history has it", async () => {
    const counts = recount((await artifact(stack, runId, "history.jsonl")).toString("utf8"));
    expect(Object.keys(counts)).toEqual(["follower", "pinned"]);
    for (const [client, { acknowledged, failed, unknown }] of Object.entries(counts)) {
      for (const [outcome, count] of Object.entries({ ok: acknowledged, fail: failed, unknown })) {
        const query = `aftershock_probe_operations_total{client="${client}",outcome="${outcome}"} or vector(0)`;
        await until(query, (all) => all[0] === count);
      }
    }
    const untimed =
      'sum(aftershock_probe_operations_total{outcome="ok"}) - sum(aftershock_probe_operation_duration_seconds_count)';
    await until(untimed, (all) => all.join() === "0");
    await until('aftershock_fault_proof_duration_seconds_count{kind="NetworkChaos"}', (all) => all[0] === 1);
  });
  it("has its command, its approval and the calls to Slack counted", async () => {
    await until('sum(aftershock_commands_total{verb="run",outcome="ok"})', (all) => all.join() === "1");
    await until('sum(aftershock_interactions_total{kind="button",outcome="ok"})', (all) => all.join() === "1");
    await until('aftershock_slack_calls_total{method="chat.postMessage",outcome="ok"}', (all) => (all[0] ?? 0) > 5);
    await until("aftershock_outbox_oldest_seconds", (all) => all.join() === "0,0");
  });
  it("is annotated in Grafana (a double), the fault as a region that ends when it is proven gone", async () => {
    const own = () => grafana.annotations.filter(({ tags }) => tags.includes(`run:${runId}`));
    await waitFor(
      async () => own().map(({ text }) => text),
      (all) => all.includes(`${runId}: completed`),
      30_000,
    );
    const annotations = own();
    expect(annotations.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["baseline", "injecting", "active", "healing"].map((phase) => `${runId}: ${phase}`)),
    );
    expect(new Set(annotations.map(({ text }) => text)).size).toBe(annotations.length);
    const region = annotations.find(({ timeEnd }) => timeEnd !== undefined);
    expect(region?.text).toMatch(/proven gone$/);
    expect((region?.timeEnd ?? 0) - (region?.time ?? 0)).toBeGreaterThan(6000);
  });
  it("is one trace, with its phases, its guards and its fault", async () => {
    const rootOf = async () => collector.spans.filter(({ attributes }) => attributes["aftershock.run"] === runId);
    const [{ traceId } = { traceId: "" }] = await waitFor(rootOf, (roots) => roots.length > 0, 30_000);
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const root = spans.find(({ parentSpanId }) => parentSpanId === "");
    expect(root?.attributes).toMatchObject({ "aftershock.run": runId, "aftershock.cleanup": "verified" });
    for (const { name, parentSpanId, startMs, endMs, error } of spans) {
      const parent = byId.get(parentSpanId);
      expect(error, name).toBeNull();
      expect(startMs, name).toBeLessThanOrEqual(endMs);
      if (parent !== undefined) expect([startMs >= parent.startMs, endMs <= parent.endMs], name).toEqual([true, true]);
    }
    const names = spans.map(({ name, parentSpanId }) =>
      [byId.get(parentSpanId)?.name, name].filter(Boolean).join(" / "),
    );
    const [experiment, fault] = ["run redis-split-brain", spans.find(({ name }) => name.startsWith("fault "))?.name];
    const phases = [
      "requested",
      "approved",
      "preflight",
      "baseline",
      "injecting",
      "active",
      "healing",
      "verifying",
      "judging",
    ];
    expect(names).toEqual(
      expect.arrayContaining([
        ...phases.map((phase) => `${experiment} / ${phase}`),
        ...["inject", "active", "remove", "prove"].map((part) => `${fault} / ${part}`),
        "preflight / guard one-master",
      ]),
    );
  });
  it("answers what the dashboard asks", async () => {
    // Nothing is injected any more, and nothing is in a phase.
    const ofOpenRuns = ["fault_age_seconds", "fault_planned_seconds", "run_phase", "runs"];
    const silent = async (): Promise<string> => {
      const counts = await Promise.all(
        dashboardQueries().map(async (query) => [query, Object.keys(await ask(query)).length] as const),
      );
      const names = counts.filter(([, series]) => series === 0).map(([query]) => /aftershock_(\w+)/.exec(query)?.[1]);
      return [...new Set(names)].toSorted((a = "", b = "") => a.localeCompare(b)).join();
    };
    // Not at once: a scrape of a busy process may have taken too long just now.
    await waitFor(silent, (names) => names === ofOpenRuns.join(), 30_000);
  });
  it.each(["bot", "worker"] as const)("exports nothing that promtool finds wrong: %s", async (role) => {
    const page = await scrape(ports[role]);
    expect(page).toContain("nodejs_eventloop_lag_seconds");
    expect(promtoolProblems(page)).toBe("");
    // A positive control: it does find what is wrong.
    expect(promtoolProblems(page.replaceAll("aftershock_halted", "aftershock_halted_total"))).toContain("_total");
  });
});
