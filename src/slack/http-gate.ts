import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { isValidSlackRequest } from "@slack/bolt";

/** Where Slack sends commands, clicks and events; Bolt's own default, named in the app's manifest. */
export const slackPath = "/slack/events";

/** A view of Slack's has at most 250 kB, a message far less; written as a form it may be three times as long. */
const maxBodyBytes = 1024 * 1024;

/** Of all requests that are being read at once, so that many of them cannot fill the memory either. */
const maxPendingBytes = 16 * maxBodyBytes;

/** Older (or newer) is a replay, or a clock that is wrong (docs.slack.dev, Verifying requests from Slack). */
const maxAgeS = 5 * 60;

const forms = ["application/x-www-form-urlencoded", "application/json"] as const;

/** What to answer instead of taking it: an HTTP status, and why, for the log. */
export interface Refused {
  status: 400 | 401 | 404 | 405 | 413 | 415 | 503;
  why: string;
}

export interface Admitted {
  body: Buffer;
  contentType: (typeof forms)[number];
}

/** Reads requests that are Slack's, and no others. One gate per server, since it counts what is being read. */
export interface HttpGate {
  /** Rejects only when the connection breaks. */
  admit(request: IncomingMessage): Promise<Admitted | Refused>;
}

/**
 * Everything that can be said by a request's head is said before any of its body is read: Bolt reads up to 4 MB of
 * whatever anybody sends first. A body that is signed and yet no object is refused here too: Bolt looks into it outside of
 * any promise that somebody awaits, and that ends the process.
 */
export function createHttpGate(signingSecret: string, now: () => number = Date.now): HttpGate {
  let pendingBytes = 0;
  const readBody = async (request: IncomingMessage): Promise<Buffer | Refused> => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const piece = chunk as Buffer;
        bytes += piece.length;
        pendingBytes += piece.length;
        if (bytes > maxBodyBytes) return tooLarge;
        if (pendingBytes > maxPendingBytes) return { status: 503, why: "too much is being read at once" };
        chunks.push(piece);
      }
      return Buffer.concat(chunks);
    } finally {
      pendingBytes -= bytes;
    }
  };
  return {
    admit: async (request) => {
      const head = readHead(request, now());
      if ("status" in head) return head;
      const body = await readBody(request);
      if ("status" in body) return body;
      const { signature, timestamp, contentType } = head;
      const headers = { "x-slack-signature": signature, "x-slack-request-timestamp": timestamp };
      const genuine = isValidSlackRequest({ signingSecret, body: body.toString(), headers, nowMilliseconds: now() });
      if (!genuine) return { status: 401, why: "the signature is not Slack's" };
      return isObject(body.toString(), contentType)
        ? { body, contentType }
        : { status: 400, why: "the body holds no object" };
    },
  };
}

const tooLarge: Refused = { status: 413, why: `the body is larger than ${maxBodyBytes} bytes` };

interface Head {
  signature: string;
  timestamp: number;
  contentType: Admitted["contentType"];
}

function readHead({ method, url = "", headers }: IncomingMessage, nowMs: number): Head | Refused {
  if (url.split("?")[0] !== slackPath) return { status: 404, why: "it is another path" };
  if (method !== "POST") return { status: 405, why: "it is no POST" };
  const signature = headers["x-slack-signature"];
  const stamp = headers["x-slack-request-timestamp"];
  if (typeof signature !== "string" || typeof stamp !== "string" || !/^\d{1,12}$/.test(stamp)) {
    return { status: 401, why: "it carries no signature" };
  }
  const timestamp = Number(stamp);
  if (Math.abs(nowMs / 1000 - timestamp) > maxAgeS) return { status: 401, why: "it is older than five minutes" };
  const contentType = formOf(headers);
  if (contentType === undefined) return { status: 415, why: "it is neither a form nor JSON" };
  if (Number(headers["content-length"] ?? 0) > maxBodyBytes) return tooLarge;
  return { signature, timestamp, contentType };
}

function formOf({ "content-type": type = "" }: IncomingHttpHeaders): Admitted["contentType"] | undefined {
  const bare = type.split(";")[0]?.trim().toLowerCase();
  return forms.find((form) => form === bare);
}

/** A form is one; of JSON, and of a form's `payload`, it must be seen. */
function isObject(text: string, contentType: Admitted["contentType"]): boolean {
  const json = contentType === "application/json" ? text : new URLSearchParams(text).get("payload");
  if (json === null) return true;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
