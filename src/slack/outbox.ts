import { findArtifact } from "../store/artifacts.ts";
import type { Database } from "../store/database.ts";
import { mentionsIn, quietText, quieten, textsIn } from "./calls.ts";
import type { MessageContent } from "./limits.ts";
import type { NameOf } from "./names.ts";
import type { PostTarget, SlackPort, SlackProblem, SlackResult, UploadFile } from "./port.ts";
import { documentedRates, type SlackRates } from "./rates.ts";
import { forgetTimesAhead } from "./store/clock-back.ts";
import {
  claimDue,
  giveUp,
  markSent,
  pauseChannel,
  postedIn,
  postpone,
  renewClaims,
  type OutboxRow,
} from "./store/outbox.ts";

export interface OutboxOptions {
  database: Database;
  slack: SlackPort;
  /** Names of people who are not called by what names them. Default: none is known. */
  nameOf?: NameOf;
  /** Least time between two edits of one message. */
  editEveryMs: number;
  /** Default: as Slack documents them. */
  rates?: SlackRates;
  patience?: Partial<Patience>;
  log: (message: string, detail: Record<string, unknown>) => void;
}

export interface OutboxSender {
  wake(): void;
  stop(): Promise<void>;
}

/** How long is waited for what; all in milliseconds. */
export interface Patience {
  /**
   * From a lost answer until the message is looked for. Slack shows a message at once, and a file some seconds after it
   * took it (slackapi/node-slack-sdk#2260): what it shows later than this may stand there twice.
   */
  messageShowsMs: number;
  fileShowsMs: number;
  longestBackOffMs: number;
}

const defaultPatience: Patience = { messageShowsMs: 5000, fileShowsMs: 15_000, longestBackOffMs: 30_000 };

/** A claimed row comes back when its sender has not said for this long that it lives. */
const staleMs = 30_000;
const beatEveryMs = 5000;
const pollMs = 250;
/** Senders at once; each handles one row, so that a slow or limited channel does not hold up another. */
const senders = 4;

interface Sending extends OutboxOptions {
  patience: Patience;
}

/** Sends what is due until stopped. What must be single is posted once: after a lost answer it is looked for first. */
export function startOutbox(given: OutboxOptions): OutboxSender {
  const options = { ...given, patience: { ...defaultPatience, ...given.patience } };
  const { database, rates = documentedRates } = options;
  let stopped = false;
  const active = new Set<Promise<void>>();
  const claimed = new Set<OutboxRow>();
  const report = (error: unknown): void =>
    options.log("outbox", { error: error instanceof Error ? error.message : String(error) });
  const run = async (): Promise<void> => {
    try {
      for (;;) {
        const row = await claimDue(database, staleMs, rates);
        if (row === null) return;
        claimed.add(row);
        await send(options, row).finally(() => claimed.delete(row));
        if (stopped) return;
      }
    } catch (error) {
      report(error);
    }
  };
  const wake = (): void => {
    if (stopped || active.size >= senders) return;
    const work = run();
    active.add(work);
    void work.finally(() => active.delete(work));
  };
  const timer = setInterval(wake, pollMs);
  const keepUp = async (): Promise<void> => {
    await renewClaims(database, [...claimed]);
    await forgetTimesAhead(database);
  };
  const beat = setInterval(() => void keepUp().catch(report), beatEveryMs);
  return {
    wake,
    stop: async () => {
      clearInterval(timer);
      // What is due now is the last word of ended runs: say it before leaving.
      await Promise.allSettled(active);
      await run();
      stopped = true;
      clearInterval(beat);
    },
  };
}

async function send(options: Sending, row: OutboxRow): Promise<void> {
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
    const texts = payload.kind === "files" ? row.tried : await everyWording(options, row.tried, payload.calls ?? []);
    const found = await slack.find(target, { marker, texts, fileNames: files, known });
    if (!found.ok) {
      if (found.problem.kind !== "refused") return handleProblem(options, row, found.problem);
      // Looking is not allowed (a scope is missing): a message that stands there twice is better than none.
      options.log("cannot look for a message", { message: marker, error: found.problem.error });
    } else if (found.ts !== null) {
      // The version that was posted then may be an older one; sending the newest as an edit mends that.
      return markSent(database, { ...row, version: payload.kind === "files" ? row.version : 0 }, found.ts, 0);
    }
  }
  const wording = row.payload.kind === "message" && row.ts === null ? await firstWording(options, row.payload) : null;
  const result = await deliver(options, row, target, marker, wording?.message ?? null);
  // Where a name was not known, an edit puts the mention there: that calls nobody.
  const sent = wording?.isNamed === false ? { ...row, version: 0 } : row;
  if (result.ok) {
    await markSent(database, sent, result.ts, options.editEveryMs);
    if (row.ts === null) await pinPosted(options, row, result.ts);
    await drawCanvas(options, row);
  } else await handleProblem(options, row, result.problem);
}

/** What shall be pinned is, once it is posted. A workspace that does not let us does without: nothing is said about it. */
async function pinPosted({ slack, log }: Sending, { channelId, payload }: OutboxRow, ts: string | null): Promise<void> {
  if (payload.kind !== "message" || payload.pin !== true || ts === null) return;
  const pinned = await slack.pin(channelId, ts);
  if (!pinned.ok) log("a message was not pinned", { channel: channelId, problem: pinned.problem.kind });
}

type Message = Extract<OutboxRow["payload"], { kind: "message" }>;

/** How a message is first posted: it mentions only those whom it calls. */
async function firstWording(
  { nameOf }: Sending,
  { text, blocks, calls = [] }: Message,
): Promise<{ message: MessageContent; isNamed: boolean }> {
  const quiet = mentionsIn(textsIn({ text, blocks })).filter((id) => !calls.includes(id));
  const names = await namesOf(quiet, nameOf);
  return { message: quieten({ text, blocks }, calls, names), isNamed: quiet.every((id) => names.has(id)) };
}

async function namesOf(ids: readonly string[], nameOf: NameOf | undefined): Promise<Map<string, string>> {
  const found = await Promise.all(ids.map(async (id) => [id, (await nameOf?.(id)) ?? null] as const));
  return new Map(found.flatMap(([id, name]) => (name === null ? [] : [[id, name] as const])));
}

/** What a text may have been posted as: with names, with ids where none was known then, and with mentions. */
async function everyWording(
  { nameOf }: Sending,
  texts: readonly string[],
  calls: readonly string[],
): Promise<string[]> {
  const names = await namesOf(mentionsIn(texts), nameOf);
  return [
    ...new Set(texts.flatMap((text) => [text, quietText(text, calls, names), quietText(text, calls, new Map())])),
  ];
}

/**
 * Of a file that was just uploaded a canvas besides, at most once: whether a lost answer made one cannot be found out.
 * Where there are no canvases (a plan, a scope) the file is enough, and only the log says so.
 */
async function drawCanvas({ database, slack, log }: Sending, { runId, channelId, payload }: OutboxRow): Promise<void> {
  if (payload.kind !== "files" || payload.canvas === undefined) return;
  const artifact = await findArtifact(database, runId, payload.canvas.file);
  if (artifact === null) return;
  const drawn = await slack.canvas(channelId, payload.canvas.title, artifact.bytes.toString("utf8"));
  if (drawn.ok) return;
  const { problem } = drawn;
  log("no canvas was made; the file is there", {
    subject: runId,
    problem: problem.kind === "rate-limited" ? problem.kind : problem.error,
  });
}

async function deliver(
  { database, slack }: OutboxOptions,
  row: OutboxRow,
  target: PostTarget,
  marker: string,
  first: MessageContent | null,
): Promise<SlackResult> {
  const { payload } = row;
  if (payload.kind === "message") {
    return row.ts === null
      ? slack.post(target, first ?? payload, marker)
      : slack.update(row.channelId, row.ts, payload, marker);
  }
  const files: UploadFile[] = [];
  for (const { name, altText } of payload.files) {
    const artifact = await findArtifact(database, row.runId, name);
    if (artifact !== null) files.push({ name, bytes: artifact.bytes, ...(altText === undefined ? {} : { altText }) });
  }
  return slack.upload(target, payload.comment, files);
}

async function handleProblem(options: Sending, row: OutboxRow, problem: SlackProblem): Promise<void> {
  const { database, log, patience } = options;
  const posted = row.ts !== null;
  const showsMs = row.payload.kind === "files" ? patience.fileShowsMs : patience.messageShowsMs;
  const backOffMs = Math.min(patience.longestBackOffMs, 500 * 2 ** Math.min(row.attempts, 6));
  const known = { run: row.runId, message: row.key };
  switch (problem.kind) {
    case "rate-limited":
      await postpone(database, row, stateBefore(row), problem.retryAfterMs, "rate limited");
      return pauseChannel(database, row, problem.retryAfterMs);
    case "unreached":
      log("Slack cannot be reached", { ...known, error: problem.error });
      return postpone(database, row, stateBefore(row), backOffMs, problem.error);
    case "unknown":
      // However often it was tried: an edit may be a run's last word, and a message must be found or posted.
      log("Slack did not answer", { ...known, error: problem.error });
      return posted
        ? postpone(database, row, "sent", backOffMs, problem.error)
        : postpone(database, row, "unknown", Math.max(showsMs, backOffMs), problem.error);
    case "unauthorised":
      log("Slack does not accept the token", { ...known, error: problem.error });
      return postpone(database, row, stateBefore(row), patience.longestBackOffMs, problem.error);
    case "refused":
      log("Slack refused a message", { ...known, error: problem.error });
      return giveUp(database, row, problem.error);
  }
}

/** Nothing was done by this try: what was unknown before it still is. */
function stateBefore(row: OutboxRow): "pending" | "unknown" | "sent" {
  if (row.ts !== null) return "sent";
  return row.state === "unknown" ? "unknown" : "pending";
}
