import { describe, expect, it } from "vitest";
import { wrong } from "../../src/cli/doctor/line.ts";
import { judgeRefusal, judgeSilence } from "../../src/cli/doctor/servers/endpoint.ts";
import { judgeGrafana, judgeTracing } from "../../src/cli/doctor/servers/telemetry.ts";
import { judgeConditions } from "../../src/cli/doctor/servers/watching.ts";
import { mended, said } from "../support/doctor-lines.ts";

describe("what must fire of what watches, fires", () => {
  it("Prometheus, Alertmanager, Grafana: shut, something else, silent", () => {
    const settings = { url: "http://prometheus:9090/", bearerTokenFrom: "TOKEN" };
    const endpoint = { name: "Prometheus", key: "clusters.lab.prometheus", settings, path: "/api/v1/query" };
    expect(mended(judgeRefusal(endpoint, 401))).toEqual([
      wrong(
        "Prometheus does not let the bot in: HTTP 401.",
        "Set TOKEN, or TOKEN_FILE, to what Prometheus knows (clusters.lab.prometheus)",
      ),
    ]);
    expect(judgeRefusal({ ...endpoint, settings: { url: settings.url } }, 403).mend).toContain(
      "clusters.lab.prometheus.bearerTokenFrom",
    );
    expect(said(judgeRefusal(endpoint, 404))[0]).toMatch(/^wrong: Prometheus answers HTTP 404/);
    expect(judgeRefusal(endpoint, 404).mend).toContain("curl -sS 'http://prometheus:9090/api/v1/query'");
    expect(said(mended(judgeSilence(endpoint, "refused")))[0]).toMatch(
      /^wrong: Prometheus does not answer at http:\/\/prometheus:9090\/: refused\./,
    );
    expect(said(mended(judgeGrafana({ version: "11.0.0", dashboard: 404 }, "runs")))).toEqual([
      "well: Grafana 11.0.0 answers, and takes the login",
      "wrong: Grafana has no dashboard runs.",
    ]);
    expect(said(judgeGrafana({ version: null, dashboard: 403 }, "runs"))[1]).toMatch(/^unknown: .*HTTP 403/);
    expect(judgeGrafana({ version: null, dashboard: 200 }, "runs")).toHaveLength(1);
  });

  it("stop conditions: one that cannot be asked, is unknown, or holds", () => {
    const watch = {
      id: "errors",
      title: "Errors",
      ask: { of: "prometheus", query: "shop_errors" },
      limit: { above: 5 },
      forMs: 0,
      onUnknown: "stop",
      unknownAfterMs: 1000,
    } as const;
    const one = { watch, experiments: ["redis-split-brain"] };
    const quiet = { ...one, reading: { known: true, holds: false, measured: "1" } } as const;
    expect(said(judgeConditions([quiet], 0))).toEqual(["well: 1 of 1 stop condition measured, none of them holds"]);
    const lines = judgeConditions(
      [
        quiet,
        { ...one, failed: "HTTP 400" },
        { ...one, reading: { known: false, why: "no data" } },
        { ...one, watch: { ...watch, onUnknown: "continue" }, reading: { known: false, why: "no data" } },
        { ...one, reading: { known: true, holds: true, measured: "9" } },
      ],
      2,
    );
    expect(said(mended(lines))).toEqual([
      "well: 1 of 5 stop conditions measured, none of them holds",
      "wrong: Stop condition errors of redis-split-brain cannot be asked: HTTP 400. Runs are refused.",
      "warning: Stop condition errors of redis-split-brain is unknown: no data. Runs are refused meanwhile.",
      "warning: Stop condition errors of redis-split-brain is unknown: no data. Runs go on without it.",
      "warning: Stop condition errors of redis-split-brain holds now: 9. Runs are refused meanwhile.",
      "unknown: 2 stop conditions not asked, since nothing answers.",
    ]);
  });

  it("traces: a protocol that is not spoken, nobody who takes them", () => {
    expect(judgeTracing({ on: false }, null)).toEqual([]);
    expect(said(mended(judgeTracing({ on: false, reason: "grpc" }, null)))[0]).toMatch(/^warning: .*grpc/);
    const on = { on: true, endpoint: "http://collector:4318" } as const;
    expect(said(judgeTracing(on, null))[0]).toMatch(/^well: Something takes connections/);
    expect(said(mended(judgeTracing(on, "refused")))[0]).toMatch(
      /^wrong: Nothing takes connections at http:\/\/collector:4318: refused/,
    );
  });
});
