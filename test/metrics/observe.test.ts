import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Registry } from "prom-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AftershockError } from "../../src/errors.ts";
import { createInstruments } from "../../src/metrics/instruments.ts";
import { observeRuns } from "../../src/metrics/observe-runs.ts";
import { observeSlack } from "../../src/metrics/observe-slack.ts";
import type { Operation } from "../../src/probes/history.ts";
import type { RunEventBody } from "../../src/run/events.ts";
import type { Dispatcher } from "../../src/slack/dispatch.ts";
import { observeDispatcher, observedFetch } from "../../src/slack/observer.ts";
import type { Verb } from "../../src/slack/verb.ts";
import { createWebPort } from "../../src/slack/web-port.ts";

function rig() {
  const registry = new Registry();
  const instruments = createInstruments(registry, { runsOwned: () => 0 });
  const series = async (name: string) =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith(name) && !line.includes("_bucket"));
  return { instruments, series };
}

describe("commands and interactions", () => {
  const verbs = [{ name: "status", aliases: ["st"] }] as unknown as Verb[];
  it("are counted by the verb's own name and by how they ended", async () => {
    const { instruments, series } = rig();
    const dispatcher = {
      command: async (text: string) => {
        if (text === "boom") throw new TypeError("boom");
        if (text === "what") throw new AftershockError("bad_command", "No.", "Type status.");
        return { text: "", blocks: [] };
      },
      click: async () => undefined,
    } as unknown as Dispatcher;
    const observed = observeDispatcher(dispatcher, verbs, observeSlack(instruments));
    const actor = { userId: "U1", teamId: "T1", channelId: "C1" };
    for (const text of ["st", "status run-1", "", "what", "boom", 'status "open']) {
      await observed.command(text, actor).catch(() => undefined);
    }
    await observed.click("open", "run-1", actor);
    expect(await series("aftershock_commands_total")).toEqual([
      'aftershock_commands_total{verb="status",outcome="ok"} 2',
      'aftershock_commands_total{verb="home",outcome="ok"} 1',
      'aftershock_commands_total{verb="unknown",outcome="refused"} 1',
      'aftershock_commands_total{verb="unknown",outcome="failed"} 1',
      'aftershock_commands_total{verb="unknown",outcome="ok"} 1',
    ]);
    expect(await series("aftershock_interactions_total")).toEqual([
      'aftershock_interactions_total{kind="button",outcome="ok"} 1',
    ]);
  });
});

describe("calls to Slack", () => {
  let close = (): unknown => undefined;
  afterEach(() => close());
  // A double that answers as Slack does; the bot's calls to local-slack are counted in test/e2e/observability.test.ts.
  async function answering(answers: Array<{ status?: number; body: string }>): Promise<string> {
    const server = createServer((_request, response) => {
      const { status = 200, body } = answers.shift() ?? { body: "{}" };
      response.writeHead(status, { "content-type": "application/json", "retry-after": "1" });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    close = () => server.close();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  }
  it("are counted by method and by how they ended, 429 apart", async () => {
    const { instruments, series } = rig();
    const url = await answering([
      { body: '{"ok":true,"ts":"1.2"}' },
      { body: '{"ok":false,"error":"channel_not_found"}' },
      { status: 429, body: '{"ok":false,"error":"ratelimited"}' },
      { status: 503, body: "" },
    ]);
    const port = createWebPort("xoxb-1", url, observedFetch(observeSlack(instruments), url));
    const results = [];
    for (let call = 0; call < 4; call += 1)
      results.push(await port.update("C1", "1.2", { text: "x", blocks: [] }, "m"));
    expect(results.map((result) => (result.ok ? "ok" : result.problem.kind))).toEqual([
      "ok",
      "refused",
      "rate-limited",
      "unknown",
    ]);
    await vi.waitFor(async () =>
      expect(await series("aftershock_slack_calls_total")).toEqual(
        expect.arrayContaining(
          ["ok", "refused", "rate_limited", "unknown"].map(
            (outcome) => `aftershock_slack_calls_total{method="chat.update",outcome="${outcome}"} 1`,
          ),
        ),
      ),
    );
  });
});

describe("runs", () => {
  const removed: RunEventBody = {
    type: "fault-removed",
    fault: "f",
    kind: "PodChaos",
    name: "n",
    atMs: 1,
    tookMs: 500,
  };
  const proof = (ok: boolean): RunEventBody => ({ type: "healing-proof", what: "gone", ok, detail: "" });
  const judging: RunEventBody = { type: "state", from: "verifying", to: "judging", reason: null, atMs: null };
  it("are timed from a fault's removal to its last proof, where all of them held", async () => {
    const { instruments, series } = rig();
    let nowMs = 0;
    const runs = observeRuns(instruments, () => nowMs);
    runs.events("run-1", [removed, proof(true)]);
    nowMs = 4000;
    runs.events("run-1", [proof(true)]);
    nowMs = 60_000;
    runs.events("run-1", [judging]);
    runs.events("run-2", [removed, proof(true), proof(false), judging]);
    expect(await series("aftershock_fault_proof_duration_seconds")).toEqual([
      'aftershock_fault_proof_duration_seconds_sum{kind="PodChaos"} 4',
      'aftershock_fault_proof_duration_seconds_count{kind="PodChaos"} 1',
    ]);
    expect(await series("aftershock_fault_removal_duration_seconds_sum")).toEqual([
      'aftershock_fault_removal_duration_seconds_sum{kind="PodChaos"} 1',
    ]);
  });
  it("have their operations counted by outcome, those with an answer timed from when they were due", async () => {
    const { instruments, series } = rig();
    const runs = observeRuns(instruments, () => 0);
    const operation = { type: "op", client: "pinned", kind: "write", seq: 1, plannedMs: 0, startMs: 900, endMs: 1000 };
    for (const outcome of ["ok", "fail", "unknown"] as const) {
      runs.operation("redis-sentinel", { ...operation, outcome } as Operation);
    }
    const of = 'system="redis-sentinel",client="pinned",kind="write"';
    expect(await series("aftershock_probe_operation")).toEqual([
      `aftershock_probe_operations_total{${of},outcome="ok"} 1`,
      `aftershock_probe_operations_total{${of},outcome="fail"} 1`,
      `aftershock_probe_operations_total{${of},outcome="unknown"} 1`,
      `aftershock_probe_operation_duration_seconds_sum{${of}} 1`,
      `aftershock_probe_operation_duration_seconds_count{${of}} 1`,
    ]);
    runs.leaseLost("run-1");
    expect(await series("aftershock_lease_losses_total")).toEqual(["aftershock_lease_losses_total 1"]);
  });
});
