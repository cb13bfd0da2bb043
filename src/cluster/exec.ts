import { PassThrough, Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import { execSocket } from "./exec-socket.ts";
import type { ExecOptions, ExecResult, ExecTarget } from "./port.ts";
import { HandshakeRefused } from "./upgrade.ts";
import { joinSignals } from "../join-signals.ts";

const defaultTimeoutMs = 10_000;
/** More output than this is cut; a probe command prints a few lines. */
const maxOutputBytes = 4 * 1024 * 1024;

/** A server that is too busy for exec is asked again after so long, or what it names. */
const askAgainMs = 300;
/** What says so. Not 500: that is also what a kubelet answers for a container that does not run. */
const busy: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Runs a command in a pod, at most once: only a handshake that was refused, so that nothing was started, is tried again
 * within the deadline. client-node resolves when the socket opens and reports the exit by a callback that never comes
 * when the socket drops, so: resolve on the status, reject on a close without one, and own the deadline.
 */
export async function execInPod(
  config: KubeConfig,
  target: ExecTarget & { container: string },
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const signal = options.signal === undefined ? deadline : joinSignals(options.signal, deadline);
  // A stream can be sent only once; it is not read before the socket is open.
  for (;;) {
    try {
      return await execOnce(config, target, command, options, signal);
    } catch (error) {
      if (!(error instanceof HandshakeRefused) || !busy.has(error.status)) throw error;
      await sleep(Math.max(askAgainMs, error.retryAfterMs ?? 0), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw error;
    }
  }
}

async function execOnce(
  config: KubeConfig,
  target: ExecTarget & { container: string },
  command: readonly string[],
  options: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const stdout = collector();
  const stderr = collector();
  signal.throwIfAborted();
  const outcome = deferred<V1Status>();
  // Rejected before anybody waits for it: told by whoever does.
  outcome.promise.catch(() => undefined);
  const onAbort = (): void => outcome.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const socketOf = execSocket(config, signal, (error) => {
    outcome.reject(new Error(`a message of exec could not be read: ${String(error)}`));
  });
  const input = feed(options.stdin);
  const opening = new Exec(config, socketOf).exec(
    target.namespace,
    target.pod,
    target.container,
    [...command],
    options.stdout ?? stdout.stream,
    stderr.stream,
    input?.stream ?? null,
    false,
    (status) => outcome.resolve(status),
  );
  opening.then(
    (socket) => {
      void input?.pump(socket).catch((error: unknown) => outcome.reject(error));
      if (options.stdout !== undefined) throttle(socket, options.stdout);
      socket.onclose = () => outcome.reject(new Error("the connection closed before the command's exit status came"));
      if (socket.readyState > socket.OPEN) outcome.reject(new Error("the connection closed as soon as it was open"));
    },
    (error: unknown) => outcome.reject(error),
  );
  let refused = false;
  try {
    const status = await outcome.promise;
    return { exitCode: exitCodeOf(status), stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    refused = error instanceof HandshakeRefused;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (!refused) input?.stop();
    opening.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }
}

/** Exit code from the v4/v5 protocol's final Status: Success is 0, otherwise the cause `ExitCode`. */
export function exitCodeOf(status: V1Status): number {
  if (status.status === "Success") return 0;
  const cause = status.details?.causes?.find((entry) => entry.reason === "ExitCode");
  if (cause?.message === undefined) throw new Error(status.message ?? "the command could not be started");
  if (!/^\d{1,3}$/.test(cause.message)) throw new Error(`the command ended with no exit code: ${cause.message}`);
  return Number(cause.message);
}

function collector(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (size < maxOutputBytes) chunks.push(chunk);
      size += chunk.length;
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}

type Socket = Awaited<ReturnType<Exec["exec"]>>;

/** So much may wait in a socket before its source has to. */
const mostBufferedBytes = 1024 * 1024;
const lookAgainMs = 5;

/**
 * Standard input at the pace of the socket. client-node sends whatever its source has and looks at no buffer, so a
 * large file would end up in memory; here its source gets the next piece when the socket has sent most of the last.
 */
function feed(
  source: ExecOptions["stdin"],
): { stream: Readable; pump(socket: Socket): Promise<void>; stop(): void } | null {
  if (source === undefined) return null;
  if (typeof source === "string") {
    const stream = Readable.from([source]);
    return { stream, pump: async () => undefined, stop: () => undefined };
  }
  const stream = new PassThrough();
  return {
    stream,
    pump: async (socket) => {
      for await (const chunk of source) {
        if (!stream.write(chunk)) await new Promise((resolve) => setImmediate(resolve));
        while (socket.bufferedAmount > mostBufferedBytes && socket.readyState === socket.OPEN) {
          await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
        }
        if (socket.readyState !== socket.OPEN) return;
      }
      stream.end();
    },
    stop: () => void source.destroy(),
  };
}

/** Reads no more from the socket while what takes its output is behind. */
function throttle(socket: Socket, output: Writable): void {
  const flow = socket as unknown as { pause?: () => void; resume?: () => void };
  let waiting = false;
  socket.addEventListener("message", () => {
    if (waiting || output.writableLength < mostBufferedBytes) return;
    waiting = true;
    flow.pause?.();
    output.once("drain", () => {
      waiting = false;
      flow.resume?.();
    });
  });
}

/** `Promise.withResolvers` is Node 22. */
function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
