import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { watchInterrupts } from "../../src/embedded/interrupt.ts";

it("takes one Ctrl-C that arrives twice for one, and a later one for haste", async () => {
  const signals = new EventEmitter();
  let nowMs = 5000;
  let hurried = 0;
  const interrupt = watchInterrupts(
    signals,
    () => nowMs,
    () => (hurried += 1),
  );
  expect(interrupt.wish()).toBe("none");
  signals.emit("SIGINT");
  await interrupt.stopWished;
  nowMs += 5;
  signals.emit("SIGINT");
  expect([interrupt.wish(), hurried]).toEqual(["stop", 0]);
  nowMs += 1000;
  signals.emit("SIGTERM");
  signals.emit("SIGINT");
  expect([interrupt.wish(), hurried]).toEqual(["hurry", 1]);
});
