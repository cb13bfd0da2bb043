import { connect } from "node:net";
import { runCommand } from "../isolation/run-command.ts";
import type { ReadinessSpec } from "./pod-spec.ts";
import type { Sandbox } from "./sandbox.ts";

const timeoutMs = 1000;

/** One look at a container's readiness; a container without a probe is ready when it runs. */
export async function isReady(probe: ReadinessSpec | null, sandbox: Sandbox, podIp: string): Promise<boolean> {
  if (probe === null) return true;
  if ("tcpPort" in probe) return accepts(podIp, probe.tcpPort);
  const result = await runCommand(sandbox.enter(["timeout", String(timeoutMs / 1000), ...probe.command]));
  return result.exitCode === 0;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => done(false));
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}
