import { findArtifact } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import type { PostTarget, SlackPort, SlackProblem, SlackResult, UploadFile } from "./port.ts";
import { claimDue, giveUp, markSent, pauseChannel, postedIn, postpone, type OutboxRow } from "./store/outbox.ts";

export interface OutboxOptions {
  database: Database;
  slack: SlackPort;
  /** Least time between two edits of one message. */
  editEveryMs: number;
  log: (message: string, detail: Record<string, unknown>) => void;
}

export interface OutboxSender {
  wake(): void;
  stop(): Promise<void>;
}

/** A claimed row comes back after this long, should its sender have died. Longer than any call takes. */
const staleMs = 30_000;
const pollMs = 250;
/** Senders at once; each handles one row, so that a slow or limited channel does not hold up another. */
const senders = 4;
const longestBackOffMs = 30_000;
/** Edits that fail for no stated reason are given up after so many tries; posts are not. */
const mostAttempts = 50;

/** Sends what is due until stopped. What must be single is posted once: after a lost answer it is looked for first. */
export function startOutbox(options: OutboxOptions): OutboxSender {
  let stopped = false;
  const active = new Set<Promise<void>>();
  const run = async (): Promise<void> => {
    try {
      for (
        let row = await claimDue(options.database, staleMs);
        row !== null;
        row = await claimDue(options.database, staleMs)
      ) {
        await send(options, row);
        if (stopped) return;
      }
    } catch (error) {
      options.log("outbox", { error: error instanceof Error ? error.message : String(error) });
    }
  };
  const wake = (): void => {
    if (stopped || active.size >= senders) return;
    const work = run();
    active.add(work);
    void work.finally(() => active.delete(work));
  };
  const timer = setInterval(wake, pollMs);
  return {
    wake,
    stop: async () => {
      clearInterval(timer);
      // What is due now is the last word of ended runs: say it before leaving.
      await Promise.allSettled(active);
      await run();
      stopped = true;
    },
  };
}

async function send(options: OutboxOptions, row: OutboxRow): Promise<void> {
  const { database, slack } = options;
  const target: PostTarget = {
    channelId: row.channelId,
    ...(row.inThread && row.threadTs !== null ? { threadTs: row.threadTs } : {}),
  };
  const marker = `${row.runId}/${row.key}`;
  if (row.state === "unknown") {
    const { payload } = row;
    const files = payload.kind === "files" ? payload.files.map((file) => file.name) : [];
    const known = await postedIn(database, row.channelId);
    const found = await slack.find(target, { marker, texts: row.tried, fileNames: files, known });
    if (!found.ok) {
      if (found.problem.kind !== "refused") return handleProblem(options, row, found.problem);
      // Looking is not allowed (a scope is missing): a message that stands there twice is better than none.
      options.log("cannot look for a message", { message: marker, error: found.problem.error });
    } else if (found.ts !== null) {
      // The version that was posted then may be an older one; sending the newest as an edit mends that.
      return markSent(database, { id: row.id, version: payload.kind === "files" ? row.version : 0 }, found.ts, 0);
    }
  }
  const result = await deliver(options, row, target, marker);
  if (result.ok) await markSent(database, row, result.ts, options.editEveryMs);
  else await handleProblem(options, row, result.problem);
}

async function deliver(
  { database, slack }: OutboxOptions,
  row: OutboxRow,
  target: PostTarget,
  marker: string,
): Promise<SlackResult> {
  const { payload } = row;
  if (payload.kind === "message") {
    return row.ts === null ? slack.post(target, payload, marker) : slack.update(row.channelId, row.ts, payload, marker);
  }
  const files: UploadFile[] = [];
  for (const { name, altText } of payload.files) {
    const artifact = await findArtifact(database, row.runId, name);
    if (artifact !== null) files.push({ name, bytes: artifact.bytes, ...(altText === undefined ? {} : { altText }) });
  }
  return slack.upload(target, payload.comment, files);
}

async function handleProblem(options: OutboxOptions, row: OutboxRow, problem: SlackProblem): Promise<void> {
  const { database, log } = options;
  const posted = row.ts !== null;
  const backOffMs = Math.min(longestBackOffMs, 500 * 2 ** Math.min(row.attempts, 6));
  const known = { run: row.runId, message: row.key };
  switch (problem.kind) {
    case "rate-limited":
      await postpone(database, row.id, posted ? "sent" : "pending", problem.retryAfterMs, "rate limited");
      return pauseChannel(database, row, problem.retryAfterMs);
    case "unknown":
      log("Slack did not answer", { ...known, error: problem.error });
      if (posted && row.attempts >= mostAttempts) return giveUp(database, row.id, problem.error);
      return postpone(database, row.id, posted ? "sent" : "unknown", backOffMs, problem.error);
    case "unauthorised":
      log("Slack does not accept the token", { ...known, error: problem.error });
      return postpone(database, row.id, posted ? "sent" : "pending", longestBackOffMs, problem.error);
    case "refused":
      log("Slack refused a message", { ...known, error: problem.error });
      return giveUp(database, row.id, problem.error);
  }
}
