import { PassThrough, Readable, Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import type { ExecOptions, ExecResult, ExecTarget } from "./port.ts";

const defaultTimeoutMs = 10_000;
/** More output than this is cut; a probe command prints a few lines. */
const maxOutputBytes = 4 * 1024 * 1024;

/**
 * Runs a command in a pod. client-node resolves when the socket opens and reports the exit by a callback that never
 * comes when the socket drops, so: resolve on the status, reject on a close without one, and own the deadline.
 */
export async function execInPod(
  config: KubeConfig,
  target: ExecTarget & { container: string },
  command: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  const stdout = collector();
  const stderr = collector();
  const input = feed(options.stdin);
  const deadline = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  signal.throwIfAborted();
  const outcome = deferred<V1Status>();
  const opening = new Exec(config).exec(
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
  const onAbort = (): void => outcome.reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  opening.then(
    (socket) => {
      void input?.pump(socket).catch((error: unknown) => outcome.reject(error));
      if (options.stdout !== undefined) throttle(socket, options.stdout);
      socket.onclose = () => outcome.reject(new Error("the connection closed before the command's exit status came"));
      socket.onerror = (event) => outcome.reject(new Error(event.message));
    },
    (error: unknown) => outcome.reject(handshakeError(error)),
  );
  try {
    const status = await outcome.promise;
    return { exitCode: exitCodeOf(status), stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    signal.removeEventListener("abort", onAbort);
    input?.stop();
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

function handshakeError(error: unknown): Error {
  if (error instanceof Error) return error;
  const message = typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
  return new Error(message === "" ? "the exec connection was refused" : message);
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
