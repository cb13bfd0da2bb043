import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { chart, render } from "../support/helm.ts";
import { unknownMetrics } from "../support/metric-names.ts";
import { hasPrometheus } from "../support/prometheus.ts";

const file = `${chart}/files/alerts.yaml`;
const alerts = readFileSync(file, "utf8");
const values = ["--set", "config.approvals.approvers={U0123ABCD}", "--set", "prometheusRule.labels.release=prometheus"];

describe("the alerts", () => {
  it.skipIf(!hasPrometheus)("fire when they must, and only then", () => {
    const cases = fileURLToPath(new URL("alerts.promtool.yaml", import.meta.url));
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", cases], { encoding: "utf8" });
    expect(stdout + stderr).toContain("SUCCESS");
    expect(status).toBe(0);
  });
  it("are each tried, and ask only for what there is", () => {
    const names = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const tried = readFileSync(new URL("alerts.promtool.yaml", import.meta.url), "utf8");
    for (const name of names) expect(tried).toMatch(new RegExp(`alertname: ${name}\\s+exp_alerts`));
    expect(unknownMetrics(alerts)).toEqual([]);
    expect(unknownMetrics("sum(aftershock_halted_total)")).toEqual(["aftershock_halted_total"]);
  });
  it("are the chart's PrometheusRule, where it is wanted", () => {
    const rules = (...more: string[]) => render(...values, ...more).filter(({ kind }) => kind === "PrometheusRule");
    expect(rules()).toEqual([]);
    const [rule] = rules("--set", "prometheusRule.enabled=true");
    expect(rule?.spec).toEqual(parse(alerts));
    expect(rule?.metadata.labels?.["release"]).toBe("prometheus");
  });
});

describe("the ServiceMonitor", () => {
  it("scrapes a port that bot and worker have, which the network policies let in", () => {
    const objects = render(...values, "--set", "serviceMonitor.enabled=true");
    const monitor = objects.find(({ kind }) => kind === "ServiceMonitor");
    expect(monitor?.spec).toMatchObject({ endpoints: [{ port: "health", path: "/metrics", interval: "30s" }] });
    const { selector } = (monitor?.spec ?? {}) as { selector?: { matchLabels: Record<string, string> } };
    const selected = objects.filter(
      ({ kind, metadata }) =>
        kind === "Service" &&
        Object.entries(selector?.matchLabels ?? { none: "" }).every(([key, value]) => metadata.labels?.[key] === value),
    );
    expect(selected.map(({ metadata }) => metadata.name)).toEqual(["aftershock-bot", "aftershock-worker"]);
    for (const { spec } of selected) expect(spec?.["ports"]).toMatchObject([{ name: "health" }]);
  });
  it("is let in by name where the health port is not open to all", () => {
    const peer = "networkPolicy.healthFrom[0].namespaceSelector.matchLabels.team=monitoring";
    const policies = render(...values, "--set", peer).filter(({ kind }) => kind === "NetworkPolicy");
    const from = [{ namespaceSelector: { matchLabels: { team: "monitoring" } } }];
    expect(policies).toHaveLength(2);
    for (const { spec } of policies) {
      expect(spec).toMatchObject({ ingress: [{ ports: [{ port: "health", protocol: "TCP" }], from }] });
    }
  });
});
