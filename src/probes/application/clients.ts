import { startClientSchedule } from "../client-schedule.ts";
import type { ClientInfo, Operation } from "../history.ts";
import type { Recorder } from "../recorder.ts";
import type { Schedule } from "../schedule.ts";
import { createTally, type Tally } from "../tally.ts";
import { judgeRead, judgeSilence, judgeWrite, type Answer } from "./http.ts";
import type { PodAddress } from "../system.ts";
import type { Application } from "./target.ts";

export const healthClient = "app-health";
export const writeClient = "app-writes";
export const readClient = "app-reads";

/** Three clients of an application: one asks for its health, one writes numbers through it, one reads. */
export function applicationClients({
  ratePerSecond,
  timeoutMs,
}: Pick<Application, "ratePerSecond" | "timeoutMs">): ClientInfo[] {
  const common = { ratePerSecond, timeoutMs };
  return [
    { id: writeClient, kind: "write", title: "POST /api/test-write, with a number", ...common },
    { id: readClient, kind: "read", title: "GET /api/products/1", ...common },
    { id: healthClient, kind: "read", title: "GET /api/health", ...common },
  ];
}

export interface ApplicationClient {
  info: ClientInfo;
  tally: Tally;
  /** The database's member that answered last, by name; null as long as none has. */
  member(): string | null;
  begin(): Schedule;
}

/** One client, open loop. An operation's member is the database's member that the application says it came to. */
export function applicationClient(options: {
  info: ClientInfo;
  application: Application;
  recorder: Recorder;
  runId: string;
  nameOf: (address: string) => string;
}): ApplicationClient {
  const { info, application, recorder, runId, nameOf } = options;
  const tally = createTally(info.id, info.kind);
  let server: string | null = null;
  let turn = 0;
  const book = (operation: Operation): void => {
    recorder.operation(operation);
    tally.add(operation);
  };
  const base = (index: number, plannedMs: number) =>
    ({ type: "op", client: info.id, kind: info.kind, seq: index + 1, plannedMs }) as const;
  const ask = (pod: PodAddress, seq: number): Promise<Answer> => {
    const { timeoutMs } = info;
    if (info.kind === "read") {
      return application.call(pod, info.id === healthClient ? "/api/health" : "/api/products/1", { timeoutMs });
    }
    const body = { timestamp: new Date().toISOString(), run: runId, client: info.id, seq };
    return application.call(pod, "/api/test-write", { timeoutMs, body });
  };
  const send = async (index: number, plannedMs: number): Promise<void> => {
    const operation = base(index, plannedMs);
    const startMs = recorder.now();
    // In turn, as a service would spread them.
    const pod = application.pods[turn++ % Math.max(1, application.pods.length)];
    if (pod === undefined) {
      return book({ ...operation, startMs, endMs: startMs, outcome: "fail", error: "no-pod" });
    }
    try {
      const answer = await ask(pod, operation.seq);
      const address = answer.body["server"];
      if (typeof address === "string") server = nameOf(address);
      const judged = info.kind === "write" ? judgeWrite(answer) : judgeRead(answer);
      book({ ...operation, startMs, endMs: recorder.now(), ...judged, ...member() });
    } catch (error) {
      book({ ...operation, startMs, endMs: recorder.now(), ...judgeSilence(error, info.kind), ...member() });
    }
  };
  const member = (): { member?: string } => (server === null ? {} : { member: server });
  return {
    info,
    tally,
    member: () => server,
    begin: () => startClientSchedule({ info, now: recorder.now, send, book }),
  };
}
