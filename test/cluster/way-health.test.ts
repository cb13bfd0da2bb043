import { expect, it } from "vitest";
import { createWayHealth } from "../../src/cluster/way/health.ts";
import type { WayChange } from "../../src/cluster/port.ts";

it("a way is down since it was last proven, or since it was tried when that was long before", () => {
  let nowMs = 0;
  const changes: WayChange[] = [];
  const health = createWayHealth(
    () => undefined,
    () => nowMs,
  );
  health.watch((change) => void changes.push(change));
  nowMs = 50_000;
  health.proof("a");
  // A client waited for its answer, gave up, and could not connect again.
  nowMs = 58_000;
  expect(health.broken("a", 52_000, "no answer")).toBe(true);
  expect(health.broken("a", 57_000, "no answer")).toBe(false);
  expect(health.isDown("a")).toBe(true);
  // Nobody had been there for a while, or ever.
  health.broken("b", 57_000, "refused");
  nowMs = 60_000;
  health.proof("a");
  nowMs = 90_000;
  health.broken("a", 89_000, "refused");
  expect(changes.map(({ pod, stands, atMs }) => [pod, stands, atMs])).toEqual([
    ["a", false, 50_000],
    ["b", false, 57_000],
    ["a", true, 60_000],
    ["a", false, 89_000],
  ]);
  const late: WayChange[] = [];
  health.watch((change) => void late.push(change));
  expect(late.map(({ pod }) => pod)).toEqual(["b", "a"]);
  health.proof("a");
  health.proof("b");
  nowMs = 93_000;
  expect([health.brokeWithin(2000), health.brokeWithin(4000)]).toEqual([false, true]);
});
