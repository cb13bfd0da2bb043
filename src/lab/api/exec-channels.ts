import { finished } from "node:stream/promises";
import type { RawData, WebSocket } from "ws";
import type { ExecProcess } from "../objects.ts";
import { isJson } from "./json.ts";
import { internalError, success } from "./status.ts";
import type { Status } from "./status.ts";

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** A process's output may stay open in its grandchildren: how long to wait for it after the process has ended. */
const drainWithinMs = 2000;

/**
 * Joins a socket's channels with a process, slowing down whichever side is faster than the other.
 * Resolves with the status to send when the process has ended and its output is sent.
 */
export async function connect(client: WebSocket, process: ExecProcess): Promise<Status> {
  client.on("message", (data, isBinary) => receive(client, process, bytesOf(data), isBinary));
  // Tells the client that the process is there: kubectl waits for the first message.
  client.send(Buffer.of(channels.stdout));
  const outputs = [forward(client, process.stdout, channels.stdout)];
  if (process.stderr !== null) outputs.push(forward(client, process.stderr, channels.stderr));
  // Writing to a process that has ended is no news: its exit code is.
  process.stdin?.on("error", () => undefined);
  try {
    const code = await process.exited;
    await within(Promise.all(outputs), drainWithinMs);
    return exitStatus(code);
  } catch (error) {
    return internalError(error instanceof Error ? error.message : String(error)).status;
  }
}

/** How long the socket may wait for a client to answer the closing handshake. */
export const closeWithinMs = 2000;

/** One message's bytes, however ws hands them over. */
export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

function receive(client: WebSocket, process: ExecProcess, message: Buffer, isBinary: boolean): void {
  const { stdin } = process;
  if (message.length === 0 || !isBinary) return;
  const payload = message.subarray(1);
  switch (message[0]) {
    case channels.stdin:
      if (stdin === null || payload.length === 0) return;
      if (!stdin.write(payload)) {
        client.pause();
        stdin.once("drain", () => client.resume());
        stdin.once("close", () => client.resume());
      }
      return;
    case channels.resize:
      resize(process, payload);
      return;
    case channels.close:
      if (payload[0] === channels.stdin) stdin?.end();
      return;
    default:
      return;
  }
}

function resize(process: ExecProcess, payload: Buffer): void {
  let size: unknown;
  try {
    size = JSON.parse(payload.toString("utf8"));
  } catch {
    return;
  }
  if (!isJson(size)) return;
  const { Width: columns, Height: rows } = size;
  if (typeof columns === "number" && typeof rows === "number" && columns > 0 && rows > 0) process.resize(columns, rows);
}

async function forward(client: WebSocket, output: NodeJS.ReadableStream, channel: number): Promise<void> {
  output.on("data", (chunk: Buffer | string) => {
    if (client.readyState !== client.OPEN) return;
    output.pause();
    client.send(Buffer.concat([Buffer.of(channel), Buffer.from(chunk)]), () => output.resume());
  });
  // An output that breaks off has still been sent as far as it went.
  await finished(output, { writable: false }).catch(() => undefined);
}

async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** The final message: Success, or NonZeroExitCode with the code as a cause, from which kubectl takes its own. */
function exitStatus(code: number): Status {
  if (code === 0) return success(200);
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code), field: "" }] },
    code: 0,
  };
}
