import type {
  FinalRead,
  History,
  HistoryHeader,
  HistoryRecord,
  LoopDelay,
  Operation,
  PhaseMark,
  ScheduleReport,
  Setting,
  TimelineEvent,
} from "./history.ts";

/** Monotonic milliseconds since the recorder's zero. */
export type Clock = () => number;

/** Starts a clock whose zero is now. Source: `process.hrtime`, monotonic and not moved by clock changes. */
export function startClock(): Clock {
  const zero = process.hrtime.bigint();
  return () => Number(process.hrtime.bigint() - zero) / 1e6;
}

/** Collects one run's history in memory. Append only. */
export interface Recorder {
  now: Clock;
  operation(operation: Operation): void;
  event(event: Omit<TimelineEvent, "type">): void;
  phase(phase: PhaseMark["phase"]): void;
  finalRead(read: FinalRead): void;
  setting(setting: Setting): void;
  schedule(report: ScheduleReport): void;
  loopDelay(delay: LoopDelay): void;
  history(): History;
}

/** Makes a recorder; `clock` defaults to one that starts now. `onOperation` is told of each operation besides. */
export function createRecorder(
  header: HistoryHeader,
  { clock = startClock(), onOperation }: { clock?: Clock; onOperation?: (operation: Operation) => void } = {},
): Recorder {
  const operations: Operation[] = [];
  const events: TimelineEvent[] = [];
  const phases: PhaseMark[] = [];
  const finalReads: FinalRead[] = [];
  const settings: Setting[] = [];
  const schedules: ScheduleReport[] = [];
  let delay: LoopDelay | undefined;
  return {
    now: clock,
    operation: (operation) => {
      operations.push(operation);
      onOperation?.(operation);
    },
    event: (event) => events.push({ type: "event", ...event }),
    phase: (phase) => phases.push({ type: "phase", atMs: clock(), phase }),
    finalRead: (read) => finalReads.push(read),
    setting: (setting) => settings.push(setting),
    schedule: (report) => schedules.push(report),
    loopDelay: (report) => (delay = report),
    history: () => ({
      header,
      operations: operations.toSorted((a, b) => a.startMs - b.startMs),
      events: events.toSorted((a, b) => a.atMs - b.atMs),
      phases: [...phases],
      finalReads: [...finalReads],
      settings: [...settings],
      schedules: [...schedules],
      ...(delay === undefined ? {} : { loopDelay: delay }),
    }),
  };
}

/** All records of a history in the order of `history.jsonl`: header first, then by time, then what has no time. */
export function* historyRecords(history: History): Generator<HistoryRecord> {
  yield history.header;
  const timed = [...history.operations, ...history.events, ...history.phases, ...history.finalReads];
  timed.sort((a, b) => timeOf(a) - timeOf(b));
  yield* timed;
  yield* history.settings;
  yield* history.schedules;
  if (history.loopDelay !== undefined) yield history.loopDelay;
}

function timeOf(record: Operation | TimelineEvent | PhaseMark | FinalRead): number {
  return record.type === "op" ? record.startMs : record.atMs;
}
