import { describe, expect, it } from "vitest";
import { createLog, knownSecrets } from "../../src/cli/log.ts";
import { createHiding } from "../../src/redact.ts";
import { exporterSecrets } from "../../src/telemetry/exporter-secrets.ts";

describe("a collector's login in the environment", () => {
  const token = "a-collectors-own-key";
  const environment = { OTEL_EXPORTER_OTLP_HEADERS: `x-team=shop,authorization=Bearer%20${token}` };

  it("is a known secret, encoded, as it is sent, and without its scheme", () => {
    const known = Object.values(exporterSecrets(environment));
    expect(known).toEqual(expect.arrayContaining([`Bearer%20${token}`, `Bearer ${token}`, token]));
    expect(exporterSecrets({})).toEqual({});
    expect(Object.values(exporterSecrets({ OTEL_EXPORTER_OTLP_HEADERS: "broken=%E0%A4%A" }))).toEqual(["%E0%A4%A"]);
  });
  it("reaches no log line", () => {
    const lines: string[] = [];
    const log = (known: string[]) =>
      createLog({ level: "info", base: {}, hiding: createHiding(known) }, (line) => lines.push(line));
    log(knownSecrets({}, exporterSecrets(environment))).info(`the collector said no to ${token}`);
    // What makes the first line a test: without it the token is there.
    log([]).info(`the collector said no to ${token}`);
    expect(lines.map((line) => line.includes(token))).toEqual([false, true]);
  });
});
