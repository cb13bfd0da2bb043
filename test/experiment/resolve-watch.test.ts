import { describe, expect, it } from "vitest";
import { resolveWatch } from "../../src/experiment/resolve-watch.ts";
import type { Experiment } from "../../src/experiment/schema.ts";
import { watchConditionSchema } from "../../src/experiment/watch-condition.ts";

const parameters: Experiment["parameters"] = {
  shard: { type: "integer", description: "", default: 1, min: 0, max: 9 },
  name: { type: "text", description: "", default: "a", pattern: "^.*$" },
};
const of = (matchers: Record<string, string>) =>
  watchConditionSchema.parse({ id: "down", title: "Down", alert: { matchers } });

describe("an alert's matchers", () => {
  it("take parameters of every type, quoted", () => {
    const resolved = resolveWatch(
      of({ shard: "${shard}", name: "x-${name}" }),
      { parameters },
      { shard: 3, name: 'a"b' },
    );
    expect(resolved.ask).toEqual({ of: "alertmanager", filters: ['shard="3"', 'name="x-a\\"b"'] });
  });
  it("refuse a name that is no parameter", () => {
    expect(() => resolveWatch(of({ shard: "${other}" }), { parameters }, { shard: 3 })).toThrow(
      /other is no parameter/,
    );
  });
  it("stop the run by default when nothing is known", () => {
    expect(resolveWatch(of({ a: "b" }), { parameters }, {})).toMatchObject({
      onUnknown: "stop",
      unknownAfterMs: 15_000,
    });
  });
});
