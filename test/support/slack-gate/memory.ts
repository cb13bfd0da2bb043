import type { ApiCall } from "./call.ts";
import type { Answer } from "./people.ts";
import { parseJson } from "./call.ts";

/** What Slack keeps and local-slack does not: metadata of messages, pins, a channel's topic, the limit of a page. */
export interface Memory {
  /** Null: not a method of ours. */
  answer(call: ApiCall): Answer | null;
  /** Adds to an answer of local-slack's what it forgot, and learns from it. */
  complete(call: ApiCall, answer: Answer): Answer;
}

type Message = Record<string, unknown> & { ts?: string };

export function createMemory(): Memory {
  const metadata = new Map<string, unknown>();
  const pins = new Map<string, Set<string>>();
  const key = (channel: unknown, ts: unknown): string => `${String(channel)}/${String(ts)}`;
  const pinsOf = (call: ApiCall): Set<string> => {
    const channel = call.form.get("channel") ?? "";
    const known = pins.get(channel) ?? new Set<string>();
    pins.set(channel, known);
    return known;
  };
  const ok: Answer = { ok: true };
  const refused = (error: string): Answer => ({ ok: false, error });
  const methods: Readonly<Record<string, (call: ApiCall) => Answer>> = {
    "pins.add": (call) => {
      const ts = call.form.get("timestamp");
      if (ts === null) return refused("no_item_specified");
      if (pinsOf(call).has(ts)) return refused("already_pinned");
      pinsOf(call).add(ts);
      return ok;
    },
    "pins.remove": (call) => (pinsOf(call).delete(call.form.get("timestamp") ?? "") ? ok : refused("no_pin")),
    "pins.list": (call) => ({
      ok: true,
      items: [...pinsOf(call)].map((ts) => ({ type: "message", channel: call.form.get("channel"), message: { ts } })),
    }),
    "conversations.setTopic": (call) => ({ ok: true, channel: { id: call.form.get("channel") } }),
  };
  const remember = (call: ApiCall, answer: Answer): void => {
    const given = call.form.get("metadata");
    if (given !== null) metadata.set(key(answer["channel"], answer["ts"]), parseJson(given));
  };
  return {
    answer: (call) => methods[call.method]?.(call) ?? null,
    complete: (call, answer) => {
      if (answer["ok"] !== true) return answer;
      switch (call.method) {
        case "chat.postMessage":
        case "chat.update":
          // An update without metadata keeps what was there (anchors 1.3).
          remember(call, answer);
          return answer;
        case "chat.delete":
          metadata.delete(key(answer["channel"], answer["ts"]));
          return answer;
        case "conversations.history":
        case "conversations.replies": {
          const all = call.form.get("include_all_metadata") === "true";
          const limit = Number(call.form.get("limit") ?? 100);
          const messages = (answer["messages"] as Message[]).slice(0, limit).map((message) => {
            const known = metadata.get(key(call.form.get("channel"), message.ts));
            return all && known !== undefined ? { ...message, metadata: known } : message;
          });
          return { ...answer, messages, has_more: (answer["messages"] as Message[]).length > limit };
        }
        default:
          return answer;
      }
    },
  };
}
