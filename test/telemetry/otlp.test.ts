import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunEventBody } from "../../src/run/events.ts";
import { appendEvents } from "../../src/store/events.ts";
import { startTelemetry, type Telemetry } from "../../src/telemetry/follow.ts";
import { createTraceSink, type TraceSink } from "../../src/telemetry/otlp.ts";
import { tracingWanted } from "../../src/telemetry/tracing-wanted.ts";
import { asService, insertTestRun, plan, startTestDatabase, type TestDatabase } from "../support/database.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

let db: TestDatabase;
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
const parts: Array<Telemetry | { stop: TraceSink["close"] }> = [];
const problems: Array<Record<string, unknown>> = [];
beforeAll(async () => {
  db = await asService(await startTestDatabase());
});
afterAll(() => db?.stop());
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20t");
  vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
  // The exporter itself tries again within this; the outbox after it.
  vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "3000");
  problems.length = 0;
});
afterEach(async () => {
  for (const part of parts.splice(0)) await part.stop();
  await receiver.close();
  vi.unstubAllEnvs();
});

const follow = () => {
  const traces = createTraceSink(db.database, "0.0.1");
  const log = (_message: string, detail: Record<string, unknown>): void => void problems.push(detail);
  parts.push(startTelemetry({ database: db.database, sinks: { traces: traces.send }, log }), { stop: traces.close });
};
const end = async (run: string) => {
  const started: RunEventBody[] = [
    { type: "requested", by: "U1", plan, digest: "d", expiresAt: "" },
    { type: "state", from: "requested", to: "preflight", reason: null, atMs: null },
  ];
  await appendEvents(db.database, run, started);
  await appendEvents(db.database, run, [
    { type: "state", from: "preflight", to: "failed", reason: "Guard failed.", atMs: null },
  ]);
};
const untilThere = (look: () => unknown) => vi.waitFor(async () => look(), { timeout: 20_000, interval: 100 });

describe("a run as a trace", () => {
  it("is exported once when it has ended, by whichever process, with ids that are always the same", async () => {
    const run = await insertTestRun(db.database);
    follow();
    follow();
    await end(run);
    await untilThere(() => expect(receiver.spans).toHaveLength(3));
    const first = receiver.spans.splice(0);
    const [root] = first;
    expect(root).toMatchObject({
      name: "run redis-split-brain",
      parentSpanId: "",
      service: "aftershock",
      error: "Guard failed.",
      attributes: { "aftershock.run": run, "aftershock.outcome": "failed", "aftershock.cluster": "lab" },
    });
    expect(new Set(first.map(({ traceId }) => traceId)).size).toBe(1);
    expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/);
    for (const { parentSpanId } of first.slice(1)) expect(parentSpanId).toBe(root?.spanId);
    expect(receiver.headers[0]).toBe("Bearer t");
    // As if the process had died before it could note that it was sent.
    const states = async () =>
      (await db.database.query("select state from telemetry_outbox where run_id = $1", [run])).rows;
    await vi.waitFor(async () => expect(await states()).toEqual([{ state: "sent" }]), 20_000);
    await db.database.query("update telemetry_outbox set state = 'pending' where run_id = $1", [run]);
    await untilThere(() => expect(receiver.spans).toHaveLength(3));
    expect(receiver.spans.splice(0)).toEqual(first);
  });
  it("is tried again while nobody takes it, and given up when it is refused", async () => {
    const [run, refused] = [await insertTestRun(db.database), await insertTestRun(db.database)];
    receiver.answer(503);
    follow();
    await end(run);
    await untilThere(() => expect(problems).toEqual([expect.objectContaining({ run, result: "later" })]));
    receiver.answer(200);
    await untilThere(() => expect(receiver.spans).toHaveLength(3));
    receiver.answer(401);
    await end(refused);
    await untilThere(() => expect(problems.at(-1)).toMatchObject({ run: refused, result: "refused" }));
  });
});

describe("traces", () => {
  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/v1/traces" }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_SDK_DISABLED: "true" }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_TRACES_EXPORTER: "none" }, false],
  ])("by %j: %s", (environment, on) => expect(tracingWanted(environment)).toMatchObject({ on }));
  it("are not sent by a protocol that is not spoken, and it is said", () => {
    const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    expect(tracingWanted(grpc)).toEqual({ on: false, reason: expect.stringContaining("http/protobuf") });
  });
});
