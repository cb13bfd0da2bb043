import type { MessageContent } from "./limits.ts";

export interface PostTarget {
  channelId: string;
  /** Absent for a message in the channel itself. */
  threadTs?: string;
}

export interface UploadFile {
  name: string;
  bytes: Buffer;
  altText?: string;
}

/** Why a call to Slack did not work, as the outbox needs to know it. */
export type SlackProblem =
  /** Asked to wait; nothing was done. */
  | { kind: "rate-limited"; retryAfterMs: number }
  /** Slack said no: nothing was done, and asking again changes nothing. */
  | { kind: "refused"; error: string }
  /** The token is no longer good; no call will work. */
  | { kind: "unauthorised"; error: string }
  /** Nobody was there to ask: nothing was done. */
  | { kind: "unreached"; error: string }
  /** No answer: it may have been done. */
  | { kind: "unknown"; error: string };

export type SlackResult = { ok: true; ts: string | null } | { ok: false; problem: SlackProblem };

export interface Look {
  marker: string;
  texts: readonly string[];
  fileNames: readonly string[];
  known: readonly string[];
}

/** The few calls the outbox makes. Never rejects. */
export interface SlackPort {
  post(target: PostTarget, message: MessageContent, marker: string): Promise<SlackResult>;
  update(channelId: string, ts: string, message: MessageContent, marker: string): Promise<SlackResult>;
  upload(target: PostTarget, comment: string, files: readonly UploadFile[]): Promise<SlackResult>;
  /**
   * Looks for a message of ours by its marker (or, where markers are dropped, by its text or file names). `known` are
   * other messages, which it cannot be. `ts: null` means that it is not there.
   */
  find(target: PostTarget, look: Look): Promise<SlackResult>;
  /** Pins a message to its channel; one that is pinned already is. */
  pin(channelId: string, ts: string): Promise<SlackResult>;
  /** Makes a canvas of the channel from Markdown. */
  canvas(channelId: string, title: string, markdown: string): Promise<SlackResult>;
}
