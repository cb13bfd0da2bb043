import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { Schedule } from "../schedule.ts";
import { createTally, type Tally } from "../tally.ts";
import type { Link } from "./link.ts";
import { publishNumber } from "./publish.ts";

/** One client of a run, as the session drives it. */
export interface RabbitClient {
  info: ClientInfo;
  tally: Tally;
  member(): string | null;
  begin(): Schedule;
  close(): Promise<void>;
}

/** Publishes numbers to its queue over `link`, and never one twice. */
export function createPublisher(options: {
  info: ClientInfo;
  queue: string;
  link: Link;
  recorder: Recorder;
}): RabbitClient {
  const { info, queue, link, recorder } = options;
  const tally = createTally(info.id, info.kind);
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs, member: link.member() }) as const;
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const startMs = recorder.now();
    const channel = link.channel();
    if (channel === null) {
      return book({ ...operation, startMs, endMs: startMs, outcome: "fail", error: "no-connection" });
    }
    const message = { queue, client: info.id, seq: operation.seq, timeoutMs: info.timeoutMs };
    const published = await publishNumber(channel, message);
    book({ ...operation, startMs, endMs: recorder.now(), ...published });
  };
  return {
    info,
    tally,
    member: () => (link.channel() === null ? null : link.member()),
    begin: () => startClientSchedule({ info, now: recorder.now, send, book, member: link.member }),
    close: () => link.close(),
  };
}
