import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort } from "../../src/embedded/free-port.ts";

/** A page with one metric that the test sets, as an exporter has it. */
export async function startExporter(metric: string) {
  let value = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    response.end(`# TYPE ${metric} gauge\n${metric} ${value}\n`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { port, set: (next: number) => (value = next), close: () => server.close() };
}

/** Whether both are on this machine (deploy/system-packages.sh --tests). */
export const hasPrometheus = ["prometheus", "prometheus-alertmanager", "promtool"].every(
  (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0,
);

/** A real Prometheus that scrapes ports twice a second, by job, and alerts a real Alertmanager by `rules` (YAML). */
export async function startPrometheus(scraped: Readonly<Record<string, number>>, rules: string) {
  const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  const [port, alertPort] = [await freePort(), await freePort()];
  writeFileSync(join(folder, "rules.yml"), rules);
  const jobs = Object.entries(scraped).map(([job, at]) => ({
    job_name: job,
    static_configs: [{ targets: [`127.0.0.1:${at}`] }],
  }));
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 500ms, evaluation_interval: 500ms }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${alertPort}"] }] }] }
scrape_configs: ${JSON.stringify(jobs)}
`,
  );
  writeFileSync(join(folder, "alertmanager.yml"), "route: { receiver: none }\nreceivers: [{ name: none }]\n");
  const prometheus = spawn(
    "prometheus",
    ["--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=127.0.0.1:${port}`],
    { cwd: folder, stdio: "ignore" },
  );
  const alertmanager = spawn(
    "prometheus-alertmanager",
    [
      "--config.file=alertmanager.yml",
      "--storage.path=alerts",
      `--web.listen-address=127.0.0.1:${alertPort}`,
      "--cluster.listen-address=",
    ],
    { cwd: folder, stdio: "ignore" },
  );
  const urls = { prometheus: `http://127.0.0.1:${port}`, alertmanager: `http://127.0.0.1:${alertPort}` };
  for (const url of Object.values(urls)) {
    await vi.waitFor(async () => (await fetch(`${url}/-/ready`)).ok || Promise.reject(new Error("not ready")), {
      timeout: 60_000,
      interval: 200,
    });
  }
  return {
    urls,
    killPrometheus: () => end(prometheus),
    close: async () => {
      await Promise.all([end(prometheus), end(alertmanager)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
