import type { ServerResponse } from "node:http";

const most = 5;
const forMs = 30 * 60_000;

export interface Responses {
  /** The gate's address for a `response_url` of local-slack's. */
  ours(url: string, origin: string): string;
  handle(path: string, body: Buffer, response: ServerResponse): Promise<void>;
}

/** Answers by `response_url`: five, within half an hour (anchors 1.2); local-slack takes any number. */
export function createResponses(
  onViolation: (violation: { method: string; error: string; detail: string }) => void,
): Responses {
  const known = new Map<string, { url: string; used: number; untilMs: number }>();
  return {
    ours: (url, origin) => {
      const id = String(known.size + 1);
      known.set(id, { url, used: 0, untilMs: Date.now() + forMs });
      return `${origin}/response/${id}`;
    },
    handle: async (path, body, response) => {
      const entry = known.get(path.split("/").at(-1) ?? "");
      if (entry === undefined || entry.used >= most || Date.now() > entry.untilMs) {
        onViolation({ method: "response_url", error: "used_url", detail: `used ${entry?.used ?? 0} times` });
        response.writeHead(404).end('{"ok":false,"error":"used_url"}');
        return;
      }
      entry.used += 1;
      const answer = await fetch(entry.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      response.writeHead(answer.status).end(await answer.text());
    },
  };
}
