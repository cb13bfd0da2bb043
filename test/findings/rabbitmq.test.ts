import { describe, expect, it } from "vitest";
import { buildReport, type ReportInput } from "../../src/findings/build-report.ts";
import type { Report } from "../../src/findings/report.ts";
import type { ClientInfo, FinalRead, History, Operation, TimelineEvent } from "../../src/probes/history.ts";
import { event, finalRead, history, op } from "../support/history-builder.ts";

const client = (id: string, kind: "read" | "write"): ClientInfo => ({
  id,
  kind,
  title: id,
  ratePerSecond: 100,
  timeoutMs: 1000,
});
const writers = ["quorum", "quorum-neighbour", "classic"] as const;
const readers = ["quorum-consumer", "classic-consumer"] as const;
const nodes = ["rabbitmq-0", "rabbitmq-1", "rabbitmq-2"] as const;

/** Who is without service, until when: rabbitmq-0 is killed at 5 s and back at 12 s. */
const backAt: Readonly<Record<string, number>> = {
  quorum: 5300,
  "quorum-neighbour": 5000,
  classic: 12_000,
  "quorum-consumer": 5000,
  "classic-consumer": 12_000,
};

function events(): TimelineEvent[] {
  const said = (client_: string, name: string, at: number, detail: TimelineEvent["detail"]): TimelineEvent =>
    event(at, client_, name, detail);
  return [
    event(1000, "cluster", "queue", { queue: "quorum", type: "quorum", leader: "rabbitmq-0", state: "running" }),
    event(5000, "run", "fault-injected", { action: "pod-kill", pods: "rabbitmq-0", confirmedAfterMs: 50 }),
    event(5040, "rabbitmq-0", "unreachable"),
    said("quorum", "disconnected", 5050, { member: "rabbitmq-0", reason: "connection-lost" }),
    said("quorum", "connected", 5290, { member: "rabbitmq-1" }),
    said("quorum-consumer", "unsubscribed", 5050, { member: "rabbitmq-0", reason: "connection-lost" }),
    said("quorum-consumer", "subscribed", 5300, { member: "rabbitmq-1" }),
    said("quorum-consumer", "first-delivery", 5320, { member: "rabbitmq-1" }),
    said("classic-consumer", "unsubscribed", 5050, { member: "rabbitmq-0", reason: "connection-lost" }),
    said("classic-consumer", "unsubscribed", 5300, { member: "rabbitmq-1", reason: "NOT_FOUND: home node is down" }),
    said("classic-consumer", "subscribed", 12_000, { member: "rabbitmq-0" }),
    said("classic-consumer", "first-delivery", 12_010, { member: "rabbitmq-0" }),
    event(6500, "cluster", "queue", { queue: "quorum", type: "quorum", leader: "rabbitmq-1", state: "running" }),
    event(12_000, "rabbitmq-0", "reachable"),
    event(15_000, "run", "fault-removed", {}),
    ...readers.map((id) => event(19_900, id, "deliveries", { delivered: 1900, redelivered: 0, repeated: 0 })),
  ];
}

/** A killed node as it looks: 100 messages a second each for 20 s. */
function nodeKilled(): History {
  const operations: Operation[] = [];
  for (const id of [...writers, ...readers]) {
    const kind = id.endsWith("consumer") ? "read" : "write";
    for (let seq = 1; seq <= 2000; seq += 1) {
      const at = seq * 10;
      const out = at >= 5000 && at < (backAt[id] ?? 0);
      const error = id.startsWith("classic") ? "returned" : "no-connection";
      operations.push(
        op({ client: id, kind, seq, at, member: "rabbitmq-1", ...(out ? { outcome: "fail", error } : {}) }),
      );
    }
  }
  const kept = (id: string): FinalRead["ranges"] =>
    backAt[id] === 5000
      ? [[1, 2000]]
      : [
          [1, 499],
          [(backAt[id] ?? 0) / 10, 2000],
        ];
  const h = history({
    clients: [...writers.map((id) => client(id, "write")), ...readers.map((id) => client(id, "read"))],
    operations,
    events: events(),
    phases: [
      { type: "phase", atMs: 0, phase: "baseline" },
      { type: "phase", atMs: 5000, phase: "active" },
      { type: "phase", atMs: 15_000, phase: "recovery" },
    ],
    finalReads: writers.flatMap((id) =>
      nodes.map((member) => finalRead(kept(id), { member, client: id, authoritative: member === "rabbitmq-1" })),
    ),
    settings: [
      ...writers.map((id) => ({
        type: "setting" as const,
        member: id,
        name: "x-queue-type",
        value: id.split("-")[0] ?? "",
      })),
      { type: "setting", member: "classic", name: "policy", value: "none" },
      { type: "setting", member: "rabbitmq-0", name: "cluster_partition_handling", value: "ignore" },
      { type: "setting", member: "rabbitmq-0", name: "heartbeat", value: "60" },
    ],
  });
  return { ...h, header: { ...h.header, system: "rabbitmq", experiment: "rabbitmq-node-kill" } };
}

function report(h: History, maxOutage = "2s"): Report {
  const run: ReportInput["run"] = {
    id: "run-1",
    experiment: "rabbitmq-node-kill",
    title: "RabbitMQ node killed",
    hypothesis: "Nothing is lost.",
    state: "completed",
    system: "rabbitmq",
    cluster: "lab",
    namespace: "messaging",
    parameters: { maxOutage },
    requestedBy: "U1",
    approvedBy: ["U2"],
    planDigest: "abc",
    startedAt: "2026-01-01T00:00:00.000Z",
    endedAt: "2026-01-01T00:01:00.000Z",
  };
  return buildReport({ history: h, run, runVerdict: "completed", cleanupVerdict: "verified", guards: [], cleanup: [] });
}
const found = (h: History, id: string) => report(h).findings.find((finding) => finding.id === `rabbitmq.${id}`);
const withOps = (h: History, change: (entry: Operation) => Operation): History => ({
  ...h,
  operations: h.operations.map(change),
});
const withEvents = (h: History, change: (all: TimelineEvent[]) => TimelineEvent[]): History => ({
  ...h,
  events: change(h.events),
});
/** The same content for every node, but what `change` makes of one read. */
const withReads = (h: History, client_: string, ranges: FinalRead["ranges"], member?: string): History => ({
  ...h,
  finalReads: h.finalReads.map((read) =>
    read.client === client_ && (member === undefined || read.member === member) ? { ...read, ranges } : read,
  ),
});
/** No client was without service: as if the node had never been missed. */
const unharmed = (h: History): History => {
  const whole = writers.reduce((all, id) => withReads(all, id, [[1, 2000]]), h);
  return withOps(whole, ({ error: _error, ...entry }) => ({ ...entry, outcome: "ok" }));
};

describe("the verdict on a killed node", () => {
  it("holds when nothing is lost and the quorum queues are back in time", () => {
    const { verdicts, because } = report(nodeKilled());
    expect(verdicts.hypothesis, because).toBe("held");
    expect(because).toMatch(/0\.30 s, the classic queue only when its node was back, after 7\.00 s/);
  });
  it.each<[string, History, RegExp]>([
    [
      "a confirmed message is lost",
      withReads(nodeKilled(), "classic", [
        [2, 499],
        [1200, 2000],
      ]),
      /1 of .* were lost/,
    ],
    ["the nodes differ", withReads(nodeKilled(), "quorum", [[1, 499]], "rabbitmq-2"), /different messages/],
    [
      "the quorum queue's consumer waits for its node",
      withEvents(nodeKilled(), (all) =>
        all.map((entry) =>
          entry.source === "quorum-consumer" && entry.event === "first-delivery"
            ? { ...entry, detail: { member: "rabbitmq-0" } }
            : entry,
        ),
      ),
      /quorum-consumer got nothing through another node/,
    ],
    [
      "the classic queue does not come back",
      withOps(withReads(nodeKilled(), "classic", [[1, 499]]), (entry) =>
        entry.client === "classic" && entry.plannedMs >= 5000
          ? { ...entry, outcome: "fail", error: "returned" }
          : entry,
      ),
      /classic had no message confirmed/,
    ],
  ])("is refuted when %s", (_what, h, because) => {
    const judged = report(h);
    expect(judged.verdicts.hypothesis).toBe("refuted");
    expect(judged.because).toMatch(because);
  });
  it("is refuted when a quorum queue takes longer than allowed", () => {
    expect(report(nodeKilled(), "100ms").because).toMatch(
      /quorum was without service for 0\.30 s \(allowed: 0\.10 s\)/,
    );
  });
  it("is inconclusive when the node was never seen to be gone, or a queue was not read back", () => {
    const seen = withEvents(nodeKilled(), (all) => all.filter(({ event: name }) => name !== "unreachable"));
    expect(report(seen).verdicts.hypothesis).toBe("inconclusive");
    expect(report({ ...nodeKilled(), finalReads: [] }).verdicts.hypothesis).toBe("inconclusive");
  });
});

describe("the measures of a killed node", () => {
  it("are the times of the history", () => {
    const values = new Map(report(nodeKilled()).measures.map(({ id, value }) => [id, value]));
    expect(values.get("noticed")).toBe(50);
    expect(values.get("first-confirm")).toBe(301);
    expect(values.get("gap-quorum-neighbour")).toBe(10);
    expect(values.get("first-confirm-classic")).toBe(7001);
    expect(values.get("delivery-quorum-consumer")).toBe(320);
    expect(values.get("delivery-classic-consumer")).toBe(7010);
    expect(values.get("back")).toBe(7000);
    expect(values.get("returned")).toBe(700);
  });
  it("are unknown without a fault", () => {
    const calm = withEvents(nodeKilled(), () => []);
    for (const { id, value } of report(calm).measures) {
      if (/^(noticed|first-confirm|gap|back|returned|nacked|redelivered)/.test(id)) expect(value, id).toBeNull();
    }
  });
});

describe("RabbitMQ's rules", () => {
  it("tell what was lost by type of queue, with the type that explains it", () => {
    const classic = found(
      withReads(nodeKilled(), "classic", [
        [2, 499],
        [1200, 2000],
      ]),
      "lost-confirmed-messages",
    );
    expect(classic?.title).toMatch(/^1 of 5,270 confirmed messages were lost .* from classic queues$/);
    expect(classic?.setting).toMatchObject({ name: "x-queue-type", value: "classic", member: "classic" });
    const quorum = found(
      withReads(nodeKilled(), "quorum", [
        [2, 499],
        [530, 2000],
      ]),
      "lost-confirmed-messages",
    );
    expect(quorum?.title).toMatch(/from quorum queues$/);
    expect(found(nodeKilled(), "lost-confirmed-messages")).toBeUndefined();
  });
  it("tell of copies that no publisher made", () => {
    const h = withReads(nodeKilled(), "quorum-neighbour", [
      [1, 2000],
      [7, 7],
    ]);
    expect(found(h, "duplicates")?.title).toMatch(/^1 message/);
    expect(found(nodeKilled(), "duplicates")).toBeUndefined();
  });
  it("tell of nodes that hand over different messages", () => {
    const h = withReads(nodeKilled(), "quorum", [[1, 499]], "rabbitmq-2");
    expect(found(h, "nodes-differ")?.evidence).toEqual([
      expect.stringMatching(/quorum through rabbitmq-2: 1,471 messages/),
    ]);
    expect(found(nodeKilled(), "nodes-differ")).toBeUndefined();
  });
  it("tell of a classic queue that was gone with its node, in the server's words", () => {
    const finding = found(nodeKilled(), "classic-queue-gone-with-its-node");
    expect(finding?.title).toMatch(/for 7\.00 s/);
    expect(finding?.evidence.join("\n")).toMatch(
      /returned × 700[\s\S]*NOT_FOUND: home node is down[\s\S]*with all 1,300/,
    );
    expect(finding?.setting).toMatchObject({ value: "classic" });
    expect(found(unharmed(nodeKilled()), "classic-queue-gone-with-its-node")).toBeUndefined();
  });
  it("tell of messages that were thrown away and confirmed", () => {
    expect(found(nodeKilled(), "unroutable-confirmed")?.title).toMatch(/^700 messages/);
    expect(found(unharmed(nodeKilled()), "unroutable-confirmed")).toBeUndefined();
  });
  it("tell of nacks, and count them as unknown", () => {
    const h = withOps(nodeKilled(), (entry) =>
      entry.client === "quorum" && entry.outcome === "fail" ? { ...entry, outcome: "unknown", error: "nack" } : entry,
    );
    expect(found(h, "nacked")?.evidence).toEqual(["quorum: 30, after it had reconnected to rabbitmq-1"]);
    expect(found(h, "unknown-outcomes")?.evidence).toEqual(["quorum: nack × 30"]);
    expect(found(nodeKilled(), "nacked")).toBeUndefined();
    expect(found(nodeKilled(), "unknown-outcomes")).toBeUndefined();
  });
  it("tell of deliveries that came twice", () => {
    const h = withEvents(nodeKilled(), (all) =>
      all.map((entry) =>
        entry.event === "deliveries" && entry.source === "quorum-consumer"
          ? { ...entry, detail: { delivered: 1903, redelivered: 4, repeated: 3 } }
          : entry,
      ),
    );
    expect(found(h, "redelivered")?.evidence).toEqual([expect.stringMatching(/4 of 1,903; 3 of them/)]);
    expect(found(nodeKilled(), "redelivered")).toBeUndefined();
  });
  it("tell how consumers found another node", () => {
    const finding = found(nodeKilled(), "consumers-reconnected");
    expect(finding).toMatchObject({ severity: "info", setting: { name: "heartbeat", value: "60" } });
    expect(finding?.title).toBe("Consumers got messages through another node: quorum-consumer after 0.32 s");
    expect(finding?.evidence.join("\n")).toMatch(/classic-consumer: .*through rabbitmq-0, when rabbitmq-0 was back/);
    const calm = withEvents(nodeKilled(), (all) => all.filter(({ event: name }) => name !== "unsubscribed"));
    expect(found(calm, "consumers-reconnected")).toBeUndefined();
  });
  it("tell how the quorum queue got over it, and who led it then", () => {
    expect(found(nodeKilled(), "quorum-failover")?.evidence.join("\n")).toMatch(/new leader: rabbitmq-1/);
    const mute = withOps(nodeKilled(), (entry) => (entry.plannedMs < 5000 ? entry : { ...entry, outcome: "unknown" }));
    expect(found(mute, "quorum-failover")).toBeUndefined();
  });
  it("tell of quorum queues that were away for longer than allowed", () => {
    const of = (maxOutage: string) =>
      report(nodeKilled(), maxOutage).findings.find(({ id }) => id === "rabbitmq.quorum-queue-unavailable");
    expect(of("100ms")?.evidence).toEqual([
      "quorum: 0.30 s (no-connection × 30)",
      "quorum-neighbour meanwhile: longest time between two confirms 0.01 s",
    ]);
    expect(of("2s")).toBeUndefined();
  });
  it("tell of a cluster that stayed split", () => {
    const h = withEvents(nodeKilled(), (all) => [
      ...all,
      event(19_000, "rabbitmq-1", "partition", { from: "rabbitmq-0" }),
    ]);
    expect(found(h, "cluster-split")).toMatchObject({ severity: "critical", setting: { value: "ignore" } });
    expect(found(nodeKilled(), "cluster-split")).toBeUndefined();
  });
  it("say that nothing was lost, and how much that proves", () => {
    expect(found(nodeKilled(), "nothing-lost")?.title).toBe("None of 5,270 acknowledged writes was lost");
    expect(found(withReads(nodeKilled(), "quorum", []), "nothing-lost")).toBeUndefined();
  });
});
