import { EventEmitter, on } from "node:events";

const maxBytes = 512 * 1024;

/** The last half megabyte that a container printed, for `kubectl logs`. */
export interface LogBuffer {
  write(chunk: Buffer): void;
  /** What is there (the last `tailLines` of it), then, when `follow`, what comes until `signal` aborts. */
  read(options: { tailLines?: number; follow: boolean; signal: AbortSignal }): AsyncIterable<Buffer>;
}

export function createLogBuffer(): LogBuffer {
  const news = new EventEmitter();
  news.setMaxListeners(0);
  let kept: Buffer = Buffer.alloc(0);
  return {
    write: (chunk) => {
      const all = Buffer.concat([kept, chunk]);
      kept = all.length > maxBytes ? all.subarray(all.length - maxBytes) : all;
      news.emit("chunk", chunk);
    },
    read: async function* ({ tailLines, follow, signal }) {
      const later = follow ? on(news, "chunk", { signal }) : null;
      yield lastLines(kept, tailLines);
      if (later === null) return;
      try {
        for await (const [chunk] of later) yield chunk as Buffer;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

function lastLines(text: Buffer, lines: number | undefined): Buffer {
  if (lines === undefined) return text;
  let at = text.length;
  for (let seen = 0; at > 0; at -= 1) {
    if (text[at - 1] === 0x0a && at < text.length) {
      seen += 1;
      if (seen === lines) break;
    }
  }
  return lines === 0 ? Buffer.alloc(0) : text.subarray(at);
}
