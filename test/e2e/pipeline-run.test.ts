import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { RunResult } from "../../src/cli/run/result.ts";
import { startDatabase, type EmbeddedDatabase } from "../../src/embedded/database.ts";
import { makeTempDirectory, removeDirectory } from "../../src/embedded/temp-dir.ts";
import { reportSchema } from "../../src/findings/report.ts";
import { launchLab, type LaunchedLab } from "../../src/lab/launch.ts";
import { startGrafanaDouble } from "../support/grafana-double.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const short = ["duration=6s", "baseline=3s", "recovery=30s"];

/** `aftershock run` as a pipeline has it: a lab and a PostgreSQL; neither Slack, nor Redis, nor a worker. */
describe("aftershock run, from a pipeline", () => {
  const folder = makeTempDirectory();
  const config = join(folder, "aftershock.yaml");
  let lab: LaunchedLab;
  let postgres: EmbeddedDatabase;
  let grafana: Awaited<ReturnType<typeof startGrafanaDouble>>;
  let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;

  beforeAll(async () => {
    [lab, postgres] = await Promise.all([launchLab({ directory: folder, downAfterMs: 2000 }), startDatabase(folder)]);
    grafana = await startGrafanaDouble("glsa_1");
    collector = await startOtlpReceiver();
    const rule = { name: "pipelines", requesters: ["pipeline:nightly"], approvals: "none" };
    const guarded = {
      name: "people",
      requesters: ["pipeline:careful"],
      approvals: { required: 1, approvers: ["U0BOB"] },
    };
    writeFileSync(
      config,
      stringify({
        slack: { mode: "none" },
        clusters: { lab: { kubeconfig: lab.kubeconfigPath } },
        defaultCluster: "lab",
        grafana: { url: grafana.url, bearerTokenFrom: "GRAFANA_TOKEN" },
        policies: {
          mayResume: ["U0BOB"],
          rules: [
            { ...rule, experiments: ["redis-split-brain"] },
            { ...guarded, experiments: ["redis-failover"] },
          ],
        },
      }),
    );
  });
  afterAll(async () => {
    await Promise.all([lab?.stop(), postgres?.stop(), grafana?.close(), collector?.close()]);
    removeDirectory(folder);
  });

  const start = (...args: string[]): { child: ChildProcess; out: () => string; ended: Promise<number> } => {
    const child = spawn(process.execPath, ["--import", "tsx", main, "run", ...args, "--config", config], {
      env: {
        PATH: process.env["PATH"],
        DATABASE_URL: postgres.serviceUrl,
        GRAFANA_TOKEN: "glsa_1",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    child.stderr?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    return { child, out: () => text, ended: once(child, "exit").then(([code]) => Number(code)) };
  };
  const run = async (...args: string[]): Promise<{ code: number; out: string }> => {
    const { ended, out } = start(...args);
    return { code: await ended, out: out() };
  };
  const storedRuns = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query<{ count: string }>("select count(*) from runs");
    await client.end();
    return Number(rows[0]?.count);
  };
  const chaosLeft = async (): Promise<string> =>
    kubectlOk(lab.kubeconfigPath, ["get", "networkchaos", "-A", "-o", "name"]);
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    const end = performance.now() + 60_000;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`not within 60 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  /** A run whose fault is active, for a minute. */
  const startedFault = async (): Promise<ReturnType<typeof start>> => {
    const words = ["duration=60s", "baseline=3s", "recovery=30s", "--yes", "--as", "nightly"];
    const started = start("redis-split-brain", ...words);
    await until(() => started.out().includes("Fault active"), "the fault is active");
    return started;
  };

  it("shows the plan with --dry-run, and without --yes starts nothing where there is nobody to ask", async () => {
    const dry = await run("redis-split-brain", ...short, "--dry-run", "--as", "nightly");
    expect(dry).toMatchObject({
      code: 0,
      out: expect.stringMatching(/master redis-\d[^]*Nothing was recorded or touched/),
    });
    const unconfirmed = await run("redis-split-brain", ...short, "--as", "nightly");
    expect(unconfirmed).toMatchObject({ code: 2, out: expect.stringContaining("start it with --yes") });
    expect(await storedRuns()).toBe(0);
  });

  it("is refused with 7 by the policy that holds in Slack: another pipeline, or one that people must approve", async () => {
    const other = await run("redis-split-brain", ...short, "--yes");
    expect(other).toMatchObject({
      code: 7,
      out: expect.stringContaining("pipeline:ci is not among those who may ask"),
    });
    const unapproved = await run("redis-failover", "--yes", "--as", "careful");
    expect(unapproved).toMatchObject({ code: 7, out: expect.stringContaining("--channel C0123ABCD") });
    expect(await storedRuns()).toBe(0);
  });

  it("ends with 3 when the hypothesis is refuted, tells the run, and leaves JUnit, JSON and the report", async () => {
    const [junit, json, report] = ["junit.xml", "result.json", "report"].map((name) => join(folder, name));
    const { code, out } = await run(
      "redis-split-brain",
      "duration=12s",
      "baseline=3s",
      "recovery=30s",
      "rate=20",
      "--yes",
      "--as",
      "nightly",
      "--junit",
      junit ?? "",
      "--json",
      json ?? "",
      "--report",
      report ?? "",
    );
    expect(out).toMatch(
      /run-1: .*asked for as pipeline:nightly[^]*Fault active[^]*hypothesis refuted, cleanup verified/,
    );
    // What only a thread in Slack can do is not told here.
    expect(out).not.toContain("In this thread");
    expect(code).toBe(3);
    const result = JSON.parse(readFileSync(json ?? "", "utf8")) as RunResult;
    expect(result).toMatchObject({
      run: "run-1",
      state: "completed",
      exitCode: 3,
      verdicts: { hypothesis: "refuted" },
    });
    expect(reportSchema.parse(result.report).run.requestedBy).toBe("pipeline:nightly");
    const xml = readFileSync(junit ?? "", "utf8");
    expect(xml).toContain('<failure message="refuted">');
    expect(xml).toMatch(/name="cleanup is verified"\/>/);
    expect(readdirSync(report ?? "")).toEqual(expect.arrayContaining(["SHA256SUMS", "report.html", "report.json"]));
    expect(await chaosLeft()).toBe("");
    // The process has left: what is to be seen elsewhere of its run is there.
    expect(grafana.annotations.map(({ text }) => text)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^run-1: .*proven gone$/), "run-1: completed"]),
    );
    const root = collector.spans.find(({ parentSpanId }) => parentSpanId === "");
    expect(root).toMatchObject({ name: "run redis-split-brain", attributes: { "aftershock.run": "run-1" } });
  });

  it("heals before it leaves when it is stopped while the fault is active, and ends with 130", async () => {
    const { child, out, ended } = await startedFault();
    expect(await chaosLeft()).toContain("run-2");
    child.kill("SIGTERM");
    expect(await ended).toBe(130);
    expect(out()).toMatch(/SIGTERM: stopping run-2[^]*run aborted, hypothesis \w+, cleanup verified/);
    expect(await chaosLeft()).toBe("");
  });

  it("heals first what another pipeline left that was killed outright", async () => {
    const { child, ended } = await startedFault();
    child.kill("SIGKILL");
    await ended;
    expect(await chaosLeft()).toContain("run-3");
    // Its lease must run out before anybody else may touch it.
    let next = await run("redis-split-brain", ...short, "--dry-run", "--as", "nightly");
    const end = performance.now() + 60_000;
    while (!next.out.includes("run-3 had lost its worker") && performance.now() < end) {
      next = await run("redis-split-brain", ...short, "--dry-run", "--as", "nightly");
    }
    expect(next.out).toContain("run-3 had lost its worker; it was healed and ended.");
    expect(await chaosLeft()).toBe("");
  });
});
