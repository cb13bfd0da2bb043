import { inTransaction, type Database } from "../store/database.ts";
import { oneAtATime } from "../store/one-at-a-time.ts";
import {
  behindTelemetry,
  claimTelemetry,
  eventsOfTypes,
  leaveTelemetry,
  lockTelemetry,
  moveTelemetry,
  postponeTelemetry,
  telemetrySent,
  wantTelemetry,
  type Sink,
  type TelemetryRow,
  type Wanted,
} from "../store/telemetry.ts";
import { marksOf } from "./marks.ts";
import type { Send } from "./sink.ts";
import { spanEvents, spansOf, type RunSpan } from "./spans.ts";
import { joinSignals } from "../join-signals.ts";

export interface TelemetryOptions {
  database: Database;
  /** Where runs are shown; a sink that is absent gets nothing, also later. */
  sinks: Partial<Record<Sink, Send>>;
  log: (message: string, detail: Record<string, unknown>) => void;
}

export interface Telemetry {
  stop(): Promise<void>;
}

const lookEveryMs = 1000;
const sendWithinMs = 10_000;
/** Longer than a call may take: a claim that is older has lost its sender. */
const staleMs = 30_000;
/** A process that leaves waits for no Grafana any longer. */
const leaveWithinMs = 5000;
const longestBackOffMs = 60_000;

/**
 * Shows runs outside of Slack, as a projection of their events: what is wanted goes to an outbox in one transaction with
 * how far was looked, so that several processes want everything once; then it is sent. Nothing waits for it.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { database, log } = options;
  const over = new AbortController();
  const work = oneAtATime(
    async () => {
      for (const runId of await behindTelemetry(database)) {
        // One that cannot be shown must not hide the others.
        await project(options, runId).catch((error: unknown) => log("a run is not shown", { run: runId, error }));
      }
      while (!over.signal.aborted && (await sendOne(options, over.signal)));
    },
    (error) => log("telemetry", { error }),
  );
  const timer = setInterval(() => work.go(), lookEveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      setTimeout(() => over.abort(), leaveWithinMs).unref();
      await work.over();
      // The end of a run that this process has just seen.
      work.go();
      await work.over();
      over.abort();
    },
  };
}

/** Wants what the run's events come to now. */
async function project({ database, sinks }: TelemetryOptions, runId: string): Promise<void> {
  await inTransaction(database, async (client) => {
    if (!(await lockTelemetry(client, runId))) return;
    const { events, lastSeq } = await eventsOfTypes(client, runId, spanEvents);
    const spans = spansOf(events);
    await wantTelemetry(client, runId, [
      ...(sinks.grafana === undefined ? [] : marks(spans)),
      ...(sinks.traces === undefined ? [] : trace(spans)),
    ]);
    await moveTelemetry(client, runId, lastSeq);
  });
}

function marks(spans: readonly RunSpan[]): Wanted[] {
  return marksOf(spans).map(({ key, ...payload }) => ({ sink: "grafana", key, payload }));
}

/** When it is whole: a run that has ended. What is in it is read when it is sent. */
function trace(spans: readonly RunSpan[]): Wanted[] {
  const run = spans.find(({ key }) => key === "run");
  return run === undefined || run.endMs === null ? [] : [{ sink: "traces", key: "trace", payload: {} }];
}

/** False when nothing is due. */
async function sendOne(options: TelemetryOptions, signal: AbortSignal): Promise<boolean> {
  const { database, sinks, log } = options;
  const row = await claimTelemetry(database, { sinks: Object.keys(sinks) as Sink[], staleMs });
  if (row === null) return false;
  const send = sinks[row.sink];
  if (send === undefined) return false;
  const result = await send(row, joinSignals(signal, AbortSignal.timeout(sendWithinMs)));
  if (result.kind === "sent") {
    await telemetrySent(database, row, result.remoteId);
    return true;
  }
  log("a run is not shown", { run: row.runId, sink: row.sink, result: result.kind, error: result.error });
  if (result.kind === "later") await postponeTelemetry(database, row, backOffMs(row), result.error);
  else await leaveTelemetry(database, row, result.kind === "unknown" ? "unknown" : "failed", result.error);
  return true;
}

function backOffMs({ attempts }: TelemetryRow): number {
  return Math.min(longestBackOffMs, 1000 * 2 ** Math.min(attempts, 6));
}
