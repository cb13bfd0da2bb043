import type { ClientInfo, FinalRead, History, Operation, Outcome, TimelineEvent } from "../../src/probes/history.ts";

/** Builds histories for tests of the checkers. Nothing here comes from a server. */
export interface OpInput {
  client?: string;
  kind?: "write" | "read";
  seq: number;
  at?: number;
  took?: number;
  outcome?: Outcome;
  member?: string;
  error?: string;
  seen?: number;
}

const writer = (id: string): ClientInfo => ({ id, kind: "write", title: id, ratePerSecond: 100, timeoutMs: 1000 });
const reader = (id: string, reads: string): ClientInfo => ({ ...writer(id), kind: "read", reads });

export function op(input: OpInput): Operation {
  const plannedMs = input.at ?? input.seq * 10;
  return {
    type: "op",
    client: input.client ?? "follower",
    kind: input.kind ?? "write",
    seq: input.seq,
    plannedMs,
    startMs: plannedMs,
    endMs: plannedMs + (input.took ?? 1),
    outcome: input.outcome ?? "ok",
    member: input.member ?? "redis-0",
    ...(input.error === undefined ? {} : { error: input.error }),
    ...(input.seen === undefined ? {} : { seen: input.seen }),
  };
}

export function finalRead(ranges: FinalRead["ranges"], change: Partial<FinalRead> = {}): FinalRead {
  return {
    type: "final-read",
    atMs: 1e6,
    member: "redis-1",
    client: "follower",
    role: "master",
    authoritative: true,
    ranges,
    ...change,
  };
}

export function event(atMs: number, source: string, name: string, detail: TimelineEvent["detail"] = {}): TimelineEvent {
  return { type: "event", atMs, source, event: name, detail };
}

export function history(parts: Partial<Omit<History, "header">> & { clients?: ClientInfo[] } = {}): History {
  const { clients, ...rest } = parts;
  return {
    header: {
      type: "header",
      schemaVersion: 1,
      run: "run-1",
      experiment: "redis-split-brain",
      system: "redis-sentinel",
      zeroAt: "2026-01-01T00:00:00.000Z",
      clients: clients ?? [writer("follower")],
      members: ["redis-0", "redis-1"],
    },
    operations: [],
    events: [],
    phases: [],
    finalReads: [],
    settings: [],
    schedules: [],
    ...rest,
  };
}

export const fourClients: ClientInfo[] = [
  writer("follower"),
  writer("pinned"),
  reader("follower-reads", "follower"),
  reader("pinned-reads", "pinned"),
];

/**
 * A split brain as it looks: 100 writes/s each for 40 s; cut at 5 s, switch at 9 s, healed at 20 s, the old master
 * demoted at 30 s. `protectedFromMs`: the old master refuses from then on (NOREPLICAS).
 */
export function splitBrain(options: { protectedFromMs?: number } = {}): History {
  const operations: Operation[] = [];
  const kept: Record<string, number[]> = { follower: [], pinned: [] };
  for (let seq = 1; seq <= 4000; seq += 1) {
    const at = seq * 10;
    const refusing = options.protectedFromMs !== undefined && at >= options.protectedFromMs && at < 30_000;
    const onOld = (client: string): Operation =>
      refusing
        ? op({ client, seq, at, outcome: "fail", error: "NOREPLICAS" })
        : at >= 30_000
          ? op({ client, seq, at, outcome: "fail", error: "READONLY" })
          : op({ client, seq, at });
    const follower = at < 9000 ? onOld("follower") : op({ client: "follower", seq, at, member: "redis-1" });
    const pinned = onOld("pinned");
    for (const written of [follower, pinned]) {
      const survives = written.outcome === "ok" && (at < 5000 || written.member === "redis-1");
      if (survives) kept[written.client]?.push(seq);
      operations.push(written);
    }
  }
  const fold = (values: number[] = []): FinalRead["ranges"] =>
    values.reduce<Array<[number, number]>>((ranges, value) => {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] + 1 === value) last[1] = value;
      else ranges.push([value, value]);
      return ranges;
    }, []);
  return history({
    clients: fourClients,
    operations,
    events: [
      event(5000, "run", "fault-injected", { fault: "partition" }),
      event(7100, "redis-sentinel-0", "+sdown", { kind: "master", member: "redis-0" }),
      event(7900, "redis-sentinel-0", "+odown", { kind: "master", member: "redis-0" }),
      event(9000, "redis-sentinel-0", "+switch-master", { from: "redis-0", to: "redis-1" }),
      event(20_000, "run", "fault-removed", { fault: "partition" }),
      event(30_000, "redis-0", "role", { role: "replica", offset: 1 }),
      event(30_200, "redis-0", "link", { state: "up", master: "redis-1" }),
    ],
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "injecting" },
      { type: "phase", atMs: 5100, phase: "active" },
      { type: "phase", atMs: 20_000, phase: "recovery" },
    ],
    finalReads: ["redis-0", "redis-1"].flatMap((member) =>
      ["follower", "pinned"].map((client) =>
        finalRead(fold(kept[client]), {
          client,
          member,
          authoritative: member === "redis-1",
          role: member === "redis-1" ? "master" : "replica",
        }),
      ),
    ),
    settings: [
      {
        type: "setting",
        member: "redis-0",
        name: "min-replicas-to-write",
        value: options.protectedFromMs === undefined ? "0" : "1",
      },
      { type: "setting", member: "redis-0", name: "min-replicas-max-lag", value: "3" },
      { type: "setting", member: "redis-0", name: "appendonly", value: "yes" },
      { type: "setting", member: "redis-sentinel-0", name: "down-after-milliseconds", value: "2000" },
    ],
  });
}
