import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LogLevel, WebClient } from "@slack/web-api";
import { startLocalSlack, workspace, type LocalSlack } from "../../src/embedded/local-slack.ts";
import { startSlackGate, type GateOptions, type SlackGate } from "./slack-gate/gate.ts";

export interface GateRig {
  slack: LocalSlack;
  gate: SlackGate;
  /** A client without retries, through the gate. */
  client: WebClient;
  stop(): Promise<void>;
}

/** Real local-slack with the gate before it, for one test file. */
export async function startGateRig(options: Partial<GateOptions> = {}): Promise<GateRig> {
  const directory = mkdtempSync(join(tmpdir(), "aftershock-test-"));
  chmodSync(directory, 0o711);
  const slack = await startLocalSlack(directory);
  const gate = await startSlackGate({ apiUrl: slack.apiUrl, ...options });
  return {
    slack,
    gate,
    client: new WebClient(workspace.bot.token, {
      slackApiUrl: gate.apiUrl,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout: 10_000,
      logLevel: LogLevel.ERROR,
    }),
    stop: async () => {
      await gate.stop();
      await slack.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
