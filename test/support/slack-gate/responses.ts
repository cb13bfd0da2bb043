import type { ServerResponse } from "node:http";
import { argumentsOf } from "./call.ts";
import { faultsOfCall, refuseCall, type Refusal } from "./rules.ts";

const most = 5;
const forMs = 30 * 60_000;

export interface Responses {
  /** The gate's address for a `response_url` of local-slack's. */
  ours(url: string, origin: string): string;
  handle(path: string, body: Buffer, response: ServerResponse): Promise<void>;
}

/** Answers by `response_url`: five, within half an hour (anchors 1.2); local-slack takes any number. */
export function createResponses(note: (method: string, found: readonly Refusal[]) => void): Responses {
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
        note("response_url", [{ error: "used_url", detail: `used ${entry?.used ?? 0} times` }]);
        response.writeHead(404).end('{"ok":false,"error":"used_url"}');
        return;
      }
      entry.used += 1;
      const form = argumentsOf(body.toString("utf8"));
      const isDeletion = form.get("delete_original") === "true";
      const refusals = isDeletion ? [] : refuseCall("chat.postEphemeral", form);
      if (form.get("response_type") === null && !isDeletion) {
        // Slack's default is ephemeral, local-slack's is everybody (anchors 4.1): it must always be said.
        refusals.push({ error: "no_response_type", detail: "response_type is not said" });
      }
      if (refusals.length > 0) {
        note("response_url", refusals);
        response.writeHead(400).end(JSON.stringify({ ok: false, error: refusals[0]?.error }));
        return;
      }
      note("response_url", faultsOfCall("response_url", form));
      const answer = await fetch(entry.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      response.writeHead(answer.status).end(await answer.text());
    },
  };
}
