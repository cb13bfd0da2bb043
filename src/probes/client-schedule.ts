import type { ClientInfo, Operation } from "./history.ts";
import type { Clock } from "./recorder.ts";
import { startSchedule, type Schedule } from "./schedule.ts";

/** So many may be unanswered before a due one is booked as not sent: what is due within the time-out, and a fifth more. */
export function mostInFlight({ ratePerSecond, timeoutMs }: Pick<ClientInfo, "ratePerSecond" | "timeoutMs">): number {
  return Math.max(64, Math.ceil((1.2 * ratePerSecond * timeoutMs) / 1000));
}

/** Starts a client's open loop. An operation that is due and cannot be sent is booked as failed, `not-sent`. */
export function startClientSchedule(options: {
  info: ClientInfo;
  now: Clock;
  /** Sends operation `index` (from 0; its `seq` is one more), due at `plannedMs`. Never rejects. */
  send(index: number, plannedMs: number): Promise<void>;
  book(operation: Operation): void;
  /** The member that it would have gone to; absent where that is not known. */
  member?(): string;
}): Schedule {
  const { info, now, send, book, member } = options;
  return startSchedule({
    client: info.id,
    ratePerSecond: info.ratePerSecond,
    now,
    maxInFlight: mostInFlight(info),
    send,
    skip: (index, plannedMs) => {
      const atMs = now();
      book({
        type: "op",
        client: info.id,
        kind: info.kind,
        seq: index + 1,
        plannedMs,
        ...(member === undefined ? {} : { member: member() }),
        startMs: atMs,
        endMs: atMs,
        outcome: "fail",
        error: "not-sent",
      });
    },
  });
}
